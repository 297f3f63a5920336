// with_polars.js FILE.csv MIN MAX THREADS: each row's values in range, and the histogram of these.
// Its streaming engine, and the type, the smallest, told to it, are the fastest.
const [path, low, high, threads] = process.argv.slice(2);
process.env.POLARS_MAX_THREADS = threads; // read when it is loaded
const pl = require("nodejs-polars");

const type = low.includes(".") ? pl.Float64 : pl.Int8;
const names = [1, 2, 3, 4, 5].map((i) => `column_${i}`);
const bound = (text) => pl.lit(Number(text)).cast(type);
const inRange = (name) =>
    pl.col(name).gtEq(bound(low)).and(pl.col(name).ltEq(bound(high))).cast(pl.UInt8);

const schema = Object.fromEntries(names.map((name) => [name, type]));
const counts = pl
    .scanCSV(path, { hasHeader: false, schema })
    .select(pl.sumHorizontal(names.map(inRange)).alias("count"))
    .groupBy("count")
    .agg(pl.len().alias("rows"))
    .collectSync({ engine: "streaming" });
const histogram = Array(names.length + 1).fill(0);
for (const { count, rows } of counts.toRecords()) histogram[count] = rows;
console.log(histogram.join(" "));
