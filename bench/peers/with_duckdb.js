// with_duckdb.js FILE.csv MIN MAX THREADS: each row's values in range, and the histogram of these.
// Told the columns, and with buffers smaller than its own 32 MB, which are few for two threads.
const { DuckDBInstance } = require("@duckdb/node-api");

const [path, low, high, threads] = process.argv.slice(2);
const type = low.includes(".") ? "DOUBLE" : "TINYINT";
const names = [1, 2, 3, 4, 5].map((i) => `c${i}`);
const columns = names.map((name) => `'${name}': '${type}'`).join(", ");
const inRange = names.map((name) => `(${name} BETWEEN ${low} AND ${high})::UTINYINT`).join(" + ");

async function main() {
    const database = await DuckDBInstance.create(":memory:", { threads });
    const connection = await database.connect();
    const counts = await connection.runAndReadAll(`
        SELECT ${inRange} AS count, count(*)
        FROM read_csv('${path}', header = false, auto_detect = false, delim = ',',
                      columns = {${columns}}, buffer_size = 8000000)
        GROUP BY count`);
    const histogram = Array(names.length + 1).fill(0);
    for (const [count, rows] of counts.getRows()) histogram[count] = rows;
    console.log(histogram.join(" "));
}

main();
