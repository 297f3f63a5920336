# For the tests of rowcount: tables that awk makes and counts, and what the program says of them.

LC_ALL=C
export LC_ALL
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$folder/new" # where what the program writes goes

awk_file() {
    file=$1
    shift
    limit 60 awk -f "$srcdir/tests/rowcount/$file" "$@"
}

# table FILE ASSIGNMENT...: a text file of random numbers, as table.awk says
table() {
    made=$folder/$1
    shift
    awk_file table.awk "$@" /dev/null >"$made"
}

# ---- .npy files --------------------------------------------------------------------------------

# npy_header VERSION DICTIONARY: with the spaces that make the data begin at a multiple of 64
npy_header() {
    case $1 in
    1) fixed=10 ;;
    *) fixed=12 ;;
    esac
    dictionary=$2
    while [ $(((fixed + ${#dictionary} + 1) % 64)) -ne 0 ]; do
        dictionary="$dictionary "
    done
    length=$((${#dictionary} + 1))
    printf '\223NUMPY'
    # shellcheck disable=SC2059  # the format is the bytes
    printf "$(printf '\\%03o\\000\\%03o\\%03o' "$1" $((length % 256)) $((length / 256)))"
    [ "$1" -eq 1 ] || printf '\000\000'
    printf '%s\n' "$dictionary"
}

# npy_data TYPE: the bytes of the numbers on stdin, one a line
npy_data() {
    # shellcheck disable=SC2059
    printf "$(awk_file npy.awk "type=$1" -)"
}

# npy FILE TYPE SHAPE NUMBER...
npy() {
    made=$folder/$1 type=$2 shape=$3
    shift 3
    {
        npy_header 1 "{'descr': '$type', 'fortran_order': False, 'shape': $shape, }"
        [ $# -eq 0 ] || printf '%s\n' "$@" | npy_data "$type"
    } >"$made"
}

# ---- Answers -----------------------------------------------------------------------------------

# Of a JSON object what count.awk prints: rows, columns, values, missing, in range, the histogram
# and the bad rows.
answer() {
    sed -E -e 's/^(.*), "bad_rows": ([0-9]+)(.*)$/\1\3 bad \2/' \
        -e 's/^\{"program": "rowcount", "rows": ([0-9]+), "columns": ([0-9]+), /\1 \2 /' \
        -e 's/^([0-9]+ [0-9]+) "values": ([0-9]+), "missing": ([0-9]+), /\1 \2 \3 /' \
        -e 's/"in_range": ([0-9]+), "histogram": \[([0-9, ]*)\][^}]*\}( bad [0-9]+)?$/\1 \2\3/'
}

# agrees MIN MAX ASSIGNMENTS OPTIONS FILE...: the answer and each row's count are those of count.awk,
# which is told by assignments what rowcount finds out or is told by options. An empty MIN or MAX is
# none.
agrees() {
    expect "$@" && as_expected
}

expect() {
    min=$1 max=$2 assignments=$3 options=$4
    shift 4
    files=$*
    : >"$folder/counts"
    awk_file count.awk "min=$min" "max=$max" counts="$folder/counts" $assignments $files \
        >"$folder/expected"
}

# By default, and by three workers in small parts.
as_expected() {
    for how in '' '-b threads -w 3 --block 997'; do
        limit 20 ./rowcount ${min:+--min "$min"} ${max:+--max "$max"} $options $how \
            -o "$folder/counted.csv" --json $files >"$folder/json" &&
            answer <"$folder/json" | diff - "$folder/expected" >"$folder/diff" &&
            cmp "$folder/counted.csv" "$folder/counts" && continue
        echo "not so: ./rowcount ${min:+--min "$min"} ${max:+--max "$max"} $options $how $files"
        cut -c 1-300 "$folder/diff"
        diff "$folder/counted.csv" "$folder/counts" | head -n 5
        head -n 3 $files | cut -c 1-300
        return 1
    done
}

# cut_everywhere is agrees for a small file, with blocks of each size up to the file's and one more.
cut_everywhere() {
    expect "$@"
    cut_as_expected
}

cut_as_expected() {
    : >"$folder/all_json"
    size=$(wc -c <$files)
    block=1
    while [ $block -le $((size + 1)) ]; do
        limit 20 ./rowcount --min "$min" --max "$max" $options --block $block -b threads \
            -w $((block % 4 + 1)) -o "$folder/counted.csv" --json $files >>"$folder/all_json" &&
            cmp "$folder/counted.csv" "$folder/counts" || { echo "with --block $block"; return 1; }
        block=$((block + 1))
    done
    answer <"$folder/all_json" | sort -u | diff - "$folder/expected"
}

# The SIMD levels that this CPU has.
levels=
for level in portable avx2 avx512; do
    echo 1 | TRIREME_SIMD=$level limit 10 ./rowcount - >/dev/null 2>&1 && levels="$levels $level"
done

# on_all_levels COMMAND...
on_all_levels() {
    for TRIREME_SIMD in $levels; do
        export TRIREME_SIMD
        "$@" || { echo "with TRIREME_SIMD=$TRIREME_SIMD"; return 1; }
    done
    unset TRIREME_SIMD
}

# on_local_backends COMMAND...: with $how set to the options of each
on_local_backends() {
    while read -r how <&3; do
        "$@" || { echo "with $how"; return 1; }
    done 3<<END
-b serial
-b threads -w 3
-b threads -w 2 --block 100
-b fork -w 3
END
}

# ---- Errors ------------------------------------------------------------------------------------

# fails STATUS WORDS COMMAND...: nothing on stdout, one line that begins with "rowcount: ", and no new
# file. The status and the words are shell patterns.
fails() {
    wanted=$1 pattern=$2
    shift 2
    limit 20 "$@" >"$folder/out" 2>"$folder/err"
    got=$?
    err=$(cat "$folder/err")
    echo "status $got, stdout '$(head -c 300 "$folder/out")', stderr '$err', expected '$pattern'"
    nothing_new && [ ! -s "$folder/out" ] && [ "$(wc -l <"$folder/err")" -eq 1 ] || return 1
    # shellcheck disable=SC2254  # these are patterns
    case $got in $wanted) ;; *) return 1 ;; esac
    # shellcheck disable=SC2254
    case $err in "rowcount: "*$pattern*) ;; *) return 1 ;; esac
}

nothing_new() {
    left=$(ls -A "$folder/new")
    [ -n "$left" ] || return 0
    echo "left behind: $left"
    rm -r "$folder/new"
    mkdir "$folder/new"
    return 1
}
