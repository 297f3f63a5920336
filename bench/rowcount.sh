#!/bin/sh
# Prints rows for the table of bench/run.sh: rowcount against what people would take instead. The
# task is to count, in each row of a table, which of its five values lie in a range, and to print
# the histogram of these counts; timed is the whole process, the file being in the page cache.
#
# Run it in the build folder, where rowcount and bench/pairs are; it takes three minutes with all
# peers, and 400 MB of TMPDIR, one file after the other. The arguments choose the files: integers,
# decimals, npy. Peers that are not installed are left out. These are all:
#
#     apt-get install python3-pandas mawk miller
#     npm install --prefix /tmp/peers @duckdb/node-api nodejs-polars nodejs-polars-linux-x64-gnu
#     NODE_PATH=/tmp/peers/node_modules; export NODE_PATH
LC_ALL=C
export LC_ALL
. "$(dirname "$0")/table.sh"
peers=$(dirname "$0")/peers
threads=2
[ $# -gt 0 ] || set -- integers decimals npy

fail() {
    echo "rowcount.sh: $*" >&2
    exit 1
}

# ---- The peers that are here ---------------------------------------------------------------

node_with() {
    node -e "require('$1')" 2>/dev/null && command -v node && return
    echo "rowcount.sh: no $2, left out (NODE_PATH says where its package is)" >&2
}

numpy=$(python_with numpy NumPy)
pandas=$(python_with pandas pandas)
polars=$(node_with nodejs-polars Polars)
duckdb=$(node_with @duckdb/node-api DuckDB)
mawk=$(program mawk)
miller=$(program mlr)

# ---- The files -----------------------------------------------------------------------------

tables=$(mktemp -d "${TMPDIR:-/tmp}/rowcount.XXXXXX") || exit 1
trap 'rm -rf "$tables"' EXIT
trap 'exit 1' HUP INT TERM

# make_table KIND sets $file, $min, $max, $what the file is, and the $goal for two workers.
make_table() {
    min=4 max=8 goal="≤ 40 ms"
    case $1 in
    integers) file=$tables/integers.csv what="100 MB CSV of one-digit integers" ;;
    npy) file=$tables/integers.npy what="400 MB \`.npy\` of int64" ;;
    decimals)
        file=$tables/decimals.csv what="86 MB CSV of six-decimal numbers" goal="≤ 60 ms"
        min=0.25 max=0.75
        ;;
    *) fail "no input '$1'" ;;
    esac
    case $1 in
    decimals)
        awk 'BEGIN {
            srand(1)
            for (row = 0; row < 1911111; row++)
                printf "%.6f,%.6f,%.6f,%.6f,%.6f\n", rand(), rand(), rand(), rand(), rand()
        }' >"$file"
        ;;
    *) ./rowcount --random 10000000x5 --write "$file" -q >/dev/null ;;
    esac || fail "cannot make $file"
    sync # so that nothing is written while others are timed
}

# ---- The rows ------------------------------------------------------------------------------

# histogram COMMAND: its numbers, one space between two
histogram() {
    sh -c "$1" | sed 's/.*"histogram": \[\([^]]*\)\].*/\1/' | tr -cs '0-9' ' ' | sed 's/ $//'
}

# against RUNS NAME COMMAND: a row, once both have given the same answer
against() {
    answer=$(histogram "$3")
    [ "$answer" = "$expected" ] || fail "$2 gives '$answer' instead of '$expected'"
    pair "$1" "$ours" "$3" || exit 1
    row "$name" "$a ms" "$2, $(printf %.0f "$b") ms" "${ratio}×" "$goal"
    name="the same" goal=""
}

# rows KIND
rows() {
    make_table "$1"
    rowcount="./rowcount --min $min --max $max"
    ours="$rowcount -w $threads '$file'"
    expected=$(histogram "$rowcount -w 1 --json '$file'")
    [ -n "$expected" ] || fail "no histogram from rowcount"
    [ "$expected" = "$(histogram "$ours --json")" ] || fail "1 and $threads workers differ"

    kind=$1 name="\`rowcount -w $threads\`, $what"
    range="'$file' $min $max $threads"
    case $kind in
    npy)
        [ -z "$numpy" ] || against 9 "NumPy" "$numpy '$peers/with_numpy.py' $range"
        ;;
    *)
        [ -z "$polars" ] || against 9 "Polars" "$polars '$peers/with_polars.js' $range"
        [ -z "$duckdb" ] || against 7 "DuckDB" "$duckdb '$peers/with_duckdb.js' $range"
        [ -z "$pandas" ] || against 3 "pandas" "$pandas '$peers/with_pandas.py' $range"
        [ -z "$mawk" ] || against 3 "mawk" \
            "$mawk -F, -v min=$min -v max=$max -f '$peers/with_mawk.awk' '$file'"
        [ -z "$miller" ] || against 1 "Miller" "env GOMAXPROCS=$threads $miller \
            --icsvlite --implicit-csv-header --onidx put -q -s min=$min -s max=$max \
            -f '$peers/with_miller.mlr' '$file'"
        ;;
    esac

    # ten times the table, so that the start of the process is a small part
    many="'$file' '$file' '$file' '$file' '$file' '$file' '$file' '$file' '$file' '$file'"
    pair 9 "$rowcount -w $threads $many" "$rowcount -w 1 $many" || exit 1
    row "the same ten times over" "$a ms" "1 worker, $b ms" "$(calc "$ratio / $threads") of ${threads}×" "≥ 0.95"
    rm "$file"
}

for kind; do
    rows "$kind"
done
