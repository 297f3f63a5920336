# rowcount on NumPy's .npy files: every type as its text twin, and files that lie.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

# twins TYPE SHAPE COLUMNS NUMBER...: the same numbers as t.npy and as twin.csv
twins() {
    type=$1 shape=$2 columns=$3
    shift 3
    npy t.npy "$type" "$shape" "$@"
    printf '%s\n' "$@" | awk -v columns=$columns '
        { printf "%s%s", $0, (NR % columns ? "," : "\n") }' >"$folder/twin.csv"
}

# as_twin MIN MAX: the answer for t.npy is awk's for twin.csv
as_twin() {
    expect "$1" "$2" '' '' "$folder/twin.csv"
    files=$folder/t.npy
    as_expected
}

# ---- Types -------------------------------------------------------------------------------------

# Around its ends, and bounds within and beyond them.
some_bounds='4 8;-1000 1000;127.5 32767.5;9007199254740993 9223372036854775807'
more_bounds='-0.5 0.5;1 1;-32768 -128;2147483647 4294967295.5;-1e30 -2147483648'
more_bounds="$more_bounds;9223372036854775808 18446744073709551615;18446744073709551616 1e400"
more_bounds="$more_bounds;-inf inf;inf inf"
a_type() {
    type=$1
    shift
    twins "$type" '(4, 3)' 3 "$@"
    case $type in
    '>'*) all_bounds=$some_bounds ;;
    *) all_bounds="$some_bounds;$more_bounds" ;;
    esac
    IFS=';'
    for bounds in $all_bounds; do
        unset IFS
        as_twin ${bounds% *} ${bounds#* } || return 1
    done
}
check "i1" a_type '|i1' -128 127 0 -1 1 4 5 8 9 -5 100 -127
check "u1" a_type '|u1' 0 255 1 4 5 8 9 100 127 128 254 3
check "b1" a_type '|b1' 0 1 1 1 0 0 1 0 0 0 1 1
for order in '<' '>'; do
    check "${order}i2" a_type "${order}i2" -32768 32767 0 -1 1 4 8 9 -128 128 -32767 256
    check "${order}u2" a_type "${order}u2" 0 65535 1 4 8 9 255 256 32767 32768 65534 5
    check "${order}i4" a_type "${order}i4" -2147483648 2147483647 0 -1 1 4 8 9 65536 -65536 16777217 -5
    check "${order}u4" a_type "${order}u4" 0 4294967295 1 4 8 9 2147483647 2147483648 4294967294 65536 3 5
    check "${order}i8" a_type "${order}i8" -9223372036854775808 9223372036854775807 0 -1 4 8 9 4294967296 \
        9007199254740992 9007199254740993 9223372036854775806 -2147483649
    check "${order}u8" a_type "${order}u8" 0 18446744073709551615 1 4 8 9 4294967296 9007199254740992 \
        9007199254740993 9223372036854775807 9223372036854775808 18446744073709551614
    check "${order}f4" a_type "${order}f4" 0.0 -0.0 4.0 8.0 nan inf -inf 127.5 -0.5 65536.0 \
        3.9999997615814208984375 8.00000095367431640625
    check "${order}f8" a_type "${order}f8" 0.0 -0.0 4.0 8.0 nan inf -inf 0.5 5e-324 1e308 \
        3.9999999999999996 8.000000000000002
done

# A bound means the nearest float: 0.1f is 0.100000001490116..., its neighbours 7.45e-9 away.
bound_is_a_float() {
    npy floats.npy '<f4' '(3,)' 0.0999999940395355224609375 0.100000001490116119384765625 \
        0.10000000894069671630859375
    while read -r bound expected; do
        got=$(limit 10 ./rowcount --min $bound --max $bound -o - -q "$folder/floats.npy" 2>/dev/null | tr -d '\n')
        [ "$got" = "$expected" ] || { echo "$bound: got $got, not $expected"; return 1; }
    done <<'END'
0.1 010
0.10000000149011612 010
0.100000003 010
0.0999999978 010
0.0999999977 100
0.1000000052 010
0.1000000053 001
0.10000001 001
0.0999999940395 100
END
}
check "bounds of f4 are floats" bound_is_a_float

# ---- Shapes and headers --------------------------------------------------------------------------

shaped() {
    twins "$@"
    as_twin 4 8
}
check "one dimension is one column" shaped '<i4' '(6,)' 1 4 5 -6 8 9 3
check "one row" shaped '<i4' '(1, 6)' 6 4 5 -6 8 9 3
check "one column" shaped '<i4' '(6, 1)' 1 4 5 -6 8 9 3
check "a shape of long integers" shaped '<i4' '(2L, 3L)' 3 4 5 -6 8 9 3
no_rows() {
    npy none.npy '<i4' '(0, 3)'
    [ "$(limit 10 ./rowcount --json "$folder/none.npy" | answer)" = '0 3 0 0 0 0, 0, 0, 0' ]
}
check "no rows" no_rows

other_version() {
    dictionary="{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2), }"
    { npy_header $1 "$dictionary"; printf '%s\n' 4 5 -6 8 9 3 | npy_data '<i2'; } >"$folder/t.npy"
    header_is_read
}
header_is_read() {
    [ "$(limit 10 ./rowcount --min 4 --max 8 --json "$folder/t.npy" | answer)" = '3 2 6 0 3 1, 1, 1' ]
}
check "version 2" other_version 2
check "version 3" other_version 3
while IFS='|' read -r name dictionary; do
    npy_header 1 "$dictionary" >"$folder/t.npy"
    printf '%s\n' 4 5 -6 8 9 3 | npy_data '<i2' >>"$folder/t.npy"
    check "a header with $name" header_is_read
done <<'END'
other order of keys|{'shape': (3, 2), 'fortran_order': False, 'descr': '<i2'}
other spaces|{  'descr' :'<i2','fortran_order':False,   'shape':(3,2)}
double quotes|{"descr": "<i2", "fortran_order": False, "shape": (3, 2), }
END
odd_place() {
    dictionary="{'descr':'<i2','fortran_order':False,'shape':(3,2)}"
    {
        # shellcheck disable=SC2059  # the format is the bytes
        printf "$(printf '\\223NUMPY\\001\\000\\%03o\\000' $((${#dictionary} + 1)))"
        printf '%s\n' "$dictionary"
        printf '%s\n' 4 5 -6 8 9 3 | npy_data '<i2'
    } >"$folder/t.npy"
    header_is_read
}
check "data at an odd place" odd_place

# ---- Cuts, columns, several files ----------------------------------------------------------------

cuts_npy() {
    twins "$@"
    as_twin 4 8 && cut_as_expected
}
check "cuts at every byte: bytes" cuts_npy '|i1' '(13, 3)' 3 \
    4 5 6 7 8 9 1 2 3 4 4 4 9 9 9 8 8 1 -4 5 6 7 8 8 8 5 5 0 0 0 1 4 1 9 4 8 4 4 9
check "cuts at every byte: four bytes" cuts_npy '>i4' '(3, 5)' 5 4 5 6 7 8 -4 -5 -6 100 8 1 2 3 4 5
check "cuts at every byte: eight bytes" cuts_npy '<f8' '(11,)' 1 4.0 5.5 6.0 nan 8.0 8.5 0.0 -4.0 inf 7.0 1.0

large_as_twin() {
    limit 20 ./rowcount --random 20000x7 --seed 3 --write "$folder/large.npy" >/dev/null &&
        limit 20 ./rowcount --random 20000x7 --seed 3 --write "$folder/large.csv" >/dev/null || return 1
    expect 4 8 "$1" "$2" "$folder/large.csv"
    files=$folder/large.npy
    on_all_levels as_expected
}
check "a large file" large_as_twin '' ''
check "columns" large_as_twin columns=2,5,6,7 '-c 5-,2'
check "a name where there are none" fails 1 "large.npy" ./rowcount -c x "$folder/large.npy"
check "a column beyond the last" fails '[12]' 8 ./rowcount -c 8 "$folder/large.npy"

# ---- Files that are not as they should be -----------------------------------------------------------

fails_npy() {
    words=$1
    for how in '-b threads -w 3 --block 5' '-b fork -w 2'; do
        fails 1 "bad.npy*$words" ./rowcount $how -o "$folder/new/x.npy" "$folder/bad.npy" || return 1
    done
}
npy whole.npy '<i4' '(3, 2)' 1 2 3 4 5 6
truncated() {
    size=6
    while [ $size -lt 152 ]; do
        head -c $size "$folder/whole.npy" >"$folder/bad.npy"
        fails 1 bad.npy ./rowcount -o "$folder/new/x.npy" "$folder/bad.npy" || { echo "of $size bytes"; return 1; }
        size=$((size + 1))
    done
}
check "cut off at any byte" truncated
longer() {
    { cat "$folder/whole.npy"; printf 'x'; } >"$folder/bad.npy"
    fails_npy ''
}
check "a byte too many" longer
while IFS='|' read -r name words dictionary; do
    { npy_header 1 "$dictionary"; printf '%024d' 0; } >"$folder/bad.npy"
    check "$name" fails_npy "$words"
done <<'END'
a shape larger than the data||{'descr': '<i4', 'fortran_order': False, 'shape': (3, 3), }
a shape smaller than the data||{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }
more rows than 64 bits||{'descr': '<i4', 'fortran_order': False, 'shape': (18446744073709551619, 2), }
rows times columns more than 64 bits||{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }
bytes more than 64 bits||{'descr': '<i4', 'fortran_order': False, 'shape': (4611686018427387907, 2), }
a negative shape||{'descr': '<i4', 'fortran_order': False, 'shape': (-3, -2), }
no dimension||{'descr': '<i4', 'fortran_order': False, 'shape': (), }
three dimensions||{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2, 1), }
Fortran order|[Ff]ortran|{'descr': '<i4', 'fortran_order': True, 'shape': (3, 2), }
halves|<f2|{'descr': '<f2', 'fortran_order': False, 'shape': (3, 4), }
complex numbers|<c8|{'descr': '<c8', 'fortran_order': False, 'shape': (3, 1), }
objects|O|{'descr': '|O', 'fortran_order': False, 'shape': (3, 1), }
text|<U1|{'descr': '<U1', 'fortran_order': False, 'shape': (3, 2), }
three bytes|<i3|{'descr': '<i3', 'fortran_order': False, 'shape': (4, 2), }
records||{'descr': [('a', '<i4'), ('b', '<i4')], 'fortran_order': False, 'shape': (3,), }
no type||{'fortran_order': False, 'shape': (3, 2), }
no shape||{'descr': '<i4', 'fortran_order': False, }
no order||{'descr': '<i4', 'shape': (3, 2), }
a key too many||{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), 'x': 1, }
no dictionary||3 x 2
an open dictionary||{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2
words behind the dictionary||{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), } x
END
version() {
    { printf '\223NUMPY\004\000'; tail -c +9 "$folder/whole.npy"; } >"$folder/bad.npy"
    fails_npy 'version'
}
check "another version" version
long_header() {
    { printf '\223NUMPY\001\000\377\377'; tail -c +11 "$folder/whole.npy"; } >"$folder/bad.npy"
    fails_npy '' || return 1
    { printf '\223NUMPY\002\000\377\377\377\377'; tail -c +13 "$folder/whole.npy"; } >"$folder/bad.npy"
    fails_npy ''
}
check "a header longer than the file" long_header
another_width() {
    npy narrow.npy '<i4' '(3,)' 1 2 3
    fails 1 "narrow.npy*" ./rowcount "$folder/whole.npy" "$folder/narrow.npy"
}
check "files of different widths" another_width

done_testing
