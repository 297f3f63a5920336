# rowcount on text: the answers of awk, wherever the file is cut and whatever the numbers look like.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

# By hand: 5 is in range twice, 9007199254740993 is above by one, a cell is missing, a row is bad.
reference() {
    printf '\357\273\277a,b,name\r\n5,9007199254740993,"Smith, ""J"""\r\n\r\n"8", 5.0 ,x\r\n1,NA,y\r\nz,1,y' >"$folder/hand.csv"
    expect 4 9007199254740992 'header=1 columns=1,2 skip_bad=1' '' "$folder/hand.csv"
    [ "$(cat "$folder/expected" "$folder/counts" | tr '\n' '|')" = '3 2 5 1 3 1, 1, 1 bad 1|1|2|0|' ]
}
check "the reference counts as one does by hand" reference

# ---- All kinds of files ------------------------------------------------------------------------

# name; what table.awk is told; what count.awk is told; options
while IFS=';' read -r name shape assignments options; do
    table table.txt seed=1 kind=mixed missing=.1 $shape
    check "$name" agrees 4 8 "$assignments" "$options" "$folder/table.txt"
done <<'END'
comma; rows=400 columns=7
tab; rows=400 columns=7 delimiter=tab; delimiter=tab
semicolon; rows=400 columns=7 delimiter=semicolon; delimiter=semicolon
vertical bar; rows=400 columns=7 delimiter=bar; delimiter=bar
a space; rows=400 columns=7 delimiter=space; delimiter=space
runs of spaces, also at both ends; rows=400 columns=7 delimiter=space spaces=.6; delimiter=space
-d,; rows=400 columns=7 ;; -d ,
-d tab; rows=400 columns=7 delimiter=tab; delimiter=tab; -d tab
--delimiter space; rows=400 columns=7 delimiter=space; delimiter=space; --delimiter space
CRLF; rows=400 columns=7 crlf=1
a byte order mark; rows=400 columns=7 bom=1
quotes; rows=400 columns=7 quotes=.3
quotes everywhere; rows=400 columns=7 quotes=1
quotes between spaces; rows=400 columns=7 quotes=.3 delimiter=space spaces=.3; delimiter=space
spaces around cells; rows=400 columns=7 spaces=.3
many values missing; rows=400 columns=7 missing=.7
no line break at the end; rows=400 columns=7 open=1
no line break at the end, CRLF; rows=400 columns=7 crlf=1 open=1
blank lines; rows=400 columns=7 blanks=.3
blank lines, CRLF; rows=400 columns=7 blanks=.3 crlf=1
blank lines, white space; rows=400 columns=7 blanks=.3 delimiter=space spaces=.3; delimiter=space
a header; rows=400 columns=7 header=1; header=1
a header, white space; rows=400 columns=7 header=1 delimiter=space kind=digits missing=0 spaces=.2; delimiter=space header=1; -d space
a mark, a quoted header, CRLF, quotes and spaces; rows=400 columns=7 bom=1 header=1 crlf=1 quotes=.3 spaces=.3 blanks=.1 open=1; header=1
--header yes on numbers; rows=400 columns=7 missing=0; header=1; --header yes
--header no; rows=400 columns=7; ; --header no
one column; rows=2000 columns=1
one column, CRLF, no line break at the end; rows=2000 columns=1 crlf=1 open=1
one column, blank lines, a header; rows=2000 columns=1 blanks=.2 header=1; header=1
one row; rows=1 columns=200000 kind=integers
one row, no line break at the end; rows=1 columns=60000 open=1 delimiter=tab; delimiter=tab
one row under a header; rows=1 columns=60000 header=1; header=1
rows longer than a block; rows=30 columns=2000 crlf=1 quotes=.1
one cell; rows=1 columns=1 kind=digits missing=0
integers; rows=2000 columns=5 kind=integers
END

table table.txt rows=500 columns=5 seed=2 kind=mixed missing=.1
check "no --max" agrees -0.5 '' '' '' "$folder/table.txt"
check "no --min" agrees '' 3 '' '' "$folder/table.txt"
check "no bounds" agrees '' '' '' '' "$folder/table.txt"
check "bounds that nothing is between" agrees 3.2 3.2 '' '' "$folder/table.txt"

while IFS=';' read -r name text assignments options; do
    # shellcheck disable=SC2059  # the format is the text
    printf "$text" >"$folder/small.csv"
    check "$name" agrees 4 8 "$assignments" "$options" "$folder/small.csv"
done <<'END'
an empty file
only a byte order mark;\357\273\277
only a line break;\n
only blank lines;\r\n\n\r\n
a header alone;a,b,c\n;header=1
a header alone, no line break;a,b,c;header=1
a header and blank lines;"a",b\r\n\r\n;header=1
one value;5
one missing value;NA\n
a last cell that is empty;1,2,\n4,,5\n,,
blank lines before the header;\n\na,b\n4,5\n;header=1
a header of one cell;name\n5\n6\n;header=1
a first row of missing values;,,\n4,5,6\n
a first row of missing values, tabs;\t\t\n4\t5\t6\n;delimiter=tab
a row of missing values among others, tabs;4\t5\t6\n\t\t\n4\t\t8\n;delimiter=tab
lines of white space;4,5\n  \n6,7\n \t\n
END

# Without the comments it is the same table.
while IFS=';' read -r name text options; do
    # shellcheck disable=SC2059
    printf "$text" >"$folder/comments.csv"
    sed '/^#/d' "$folder/comments.csv" >"$folder/none.csv"
    comments() {
        assignments=
        ! grep -q z "$folder/none.csv" || assignments=header=1
        expect 4 8 "$assignments columns=2" '' "$folder/none.csv"
        options="-c ${options:-2}"
        files=$folder/comments.csv
        as_expected
    }
    check "$name" comments
done <<'END'
a comment with names;# x y,b\n4,5\n6,12\n;b
comments, the last one with names;# made by a program, today, of 2 columns\n#\n\n#a,b\n4,5\n6,12\n;b
comments above a header;# made today\n#\nz,b\n4,5\n6,12\n;b
a comment that looks like names above a header;# made today, by a program\nz,b\n4,5\n6,12\n;b
a comment that looks like numbers;# 4,5\n4,5\n6,12\n
END

# ---- Several files -----------------------------------------------------------------------------

table one.csv rows=200 columns=4 seed=1 kind=mixed header=1 crlf=1 missing=.1
table two.csv rows=1 columns=4 seed=2 kind=digits header=1 open=1
table three.csv rows=300 columns=4 seed=3 kind=mixed header=1 quotes=.3
: >"$folder/empty.csv"
check "several files with a header each" agrees 4 8 header=1 '' \
    "$folder/one.csv" "$folder/two.csv" "$folder/three.csv" "$folder/one.csv"

# count.awk reads the .npy file's numbers from a text file, and one delimiter
another_format() {
    numbers='1 5 -7 9 4 8 3 100'
    npy numbers.npy '<i2' '(2, 4)' $numbers
    echo $numbers | awk '{ print $1 "," $2 "," $3 "," $4; print $5 "," $6 "," $7 "," $8 }' >"$folder/numbers.csv"
    table same.csv rows=50 columns=4 seed=4 kind=digits
    tr , '\t' <"$folder/same.csv" >"$folder/same.tsv"
    expect 4 8 '' '' "$folder/same.csv" "$folder/numbers.csv" "$folder/same.csv"
    files="$folder/same.csv $folder/numbers.npy $folder/same.tsv"
    as_expected
}
check "several files of several formats" another_format

# ---- Tables of digits: a fast path of their own --------------------------------------------------

# as it is, with CRLF, and with another cell at the beginning, at the end and between
digits() {
    rows=$1 columns=$2
    for line_break in crlf=0 crlf=1; do
        table digits.csv rows=$rows columns=$columns seed=$rows kind=digits $line_break || return 1
        expect 4 8 '' '' "$folder/digits.csv" && on_all_levels as_expected || return 1
        place=1
        for cell in 12 NA '' -5 4.5 ' 6' '"7"' 5e0 +8; do
            [ $columns -gt 1 ] || [ -n "$cell" ] || continue
            table digits.csv rows=$rows columns=$columns seed=$rows kind=digits $line_break cell="$cell" at=$place
            agrees 4 8 '' '' "$folder/digits.csv" || return 1
            place=$(((place * 7919 + rows) % (rows * columns) + 1))
            [ "$cell" != '"7"' ] || place=$((rows * columns))
        done
    done
}
for shape in 5000x5 1000x1 300x13 70x64 40x200; do
    check "$shape digits, or nearly so" digits ${shape%x*} ${shape#*x}
done

all_widths() {
    for columns in 2 3 4 7 8 9 15 16 17 31 32 33 48 63 65 66 127 128 129; do
        table digits.csv rows=61 columns=$columns seed=$columns kind=digits || return 1
        expect 4 8 '' '' "$folder/digits.csv" && on_all_levels as_expected || return 1
    done
}
check "digits in rows of many widths" all_widths
table digits.csv rows=1000 columns=9 seed=1 kind=digits
check "digits, columns 2, 4 to 6 and 9" agrees 4 8 columns=2,4,5,6,9 '-c 2,4-6,9' "$folder/digits.csv"
for bounds in '0 9' '-5 3' '4.5 8.5' '9 100' '10 20' '-inf inf' '5 5'; do
    check "digits from ${bounds% *} to ${bounds#* }" agrees ${bounds% *} ${bounds#* } '' '' "$folder/digits.csv"
done
bad_digit() {
    for cell in x '5 5' 5- '"5' 55x; do
        table bad.csv rows=1000 columns=5 seed=1 kind=digits cell="$cell" at=2018
        fails 1 "$folder/bad.csv: line 404, column 3: " ./rowcount -o "$folder/new/x.npy" "$folder/bad.csv" || return 1
        agrees 4 8 skip_bad=1 --skip-bad "$folder/bad.csv" || return 1
    done
}
check "digits with a cell that is no number" bad_digit

# ---- Cuts at every byte --------------------------------------------------------------------------

while IFS=';' read -r name text assignments options; do
    # shellcheck disable=SC2059
    printf "$text" >"$folder/small.csv"
    check "cuts at every byte: $name" cut_everywhere 4 8 "$assignments" "$options" "$folder/small.csv"
done <<'END'
digits;1,2,3\n4,5,6\n7,8,9\n0,4,4\n8,8,8\n1,1,1\n5,5,5\n2,6,2\n
numbers, CRLF, no line break at the end;12,-5.25,6\r\n4,NA,8.0\r\n,,\r\n1e0,40e-1,null\r\n-0,+8,inf\r\n77,5,4
blank lines, one at the end;a,b\n\n4,5\n\n\n6,12\n8,8\n\n9,-1\n\n;header=1
blank lines, CRLF;\r\n4,5\r\n\r\n\r\n6,12\r\n8,8\r\n\r\n9,-1\r\n\r\n
quotes and text;\357\273\277"id, ""x""",name,n\n"4","Smith, John",5\n6,"a ""b"", c",NaN\n"12",,"8"\n7,"",4\n;header=1 columns=1,3;-c 1,3
white space;  4   5\t6\n1 2 3\n\n \t 7\t\t8 9  \n4 -4 4.5\n  \n5  NA 7;delimiter=space
tabs;4\t\t5\n6\t7\t12\nNA\t4\t-8\n0.5\t5e0\t\n;delimiter=tab
one column;4\n5\n\nNA\n12\n-7\n8.5\n"6"\n0\n5\n4
one row;4,5,6,7,8,9,10,11,12,-1,-2,4.5,NA,,"5",8.0,1e1
bad rows left out;4,5\n4\n6,x\n7,8,9\n"5",6\n"4,5\n8,-\n,\n5,5;skip_bad=1;--skip-bad
END

# ---- Numbers as they are -------------------------------------------------------------------------

# exactly MIN MAX IN OUT: the reference and the program say that these are in range and those out
exactly() {
    { printf '%s\n' $3 | sed 's/$/ 1/'; printf '%s\n' $4 | sed 's/$/ 0/'; } | grep '^[^ ]' >"$folder/by_hand"
    cut -d ' ' -f 1 "$folder/by_hand" >"$folder/cells"
    expect "$1" "$2" '' '' "$folder/cells"
    cut -d ' ' -f 2 "$folder/by_hand" | cmp - "$folder/counts" || {
        cut -d ' ' -f 2 "$folder/by_hand" | paste "$folder/cells" - "$folder/counts"
        return 1
    }
    on_all_levels as_expected
}
while IFS='|' read -r min max in_range out; do
    check "from ${min:-nothing} to ${max:-nothing}" exactly "$min" "$max" "$in_range" "$out"
done <<'END'
9007199254740993||9007199254740993 9007199254740994 +9007199254740993 1e16 9007199254740992.0|9007199254740992 9007199254740991 -9007199254740993
|9007199254740992|9007199254740992 09007199254740992 9007199254740993.0 -9007199254740993|9007199254740993 9007199254740994.0
-9007199254740993|-9007199254740992|-9007199254740993 -9007199254740992|-9007199254740994 -9007199254740991 9007199254740993 0
9007199254740992.5|9007199254740993.5|9007199254740993 9007199254740992.0 9007199254740994.0|9007199254740992 9007199254740994
9223372036854775807|9223372036854775808|9223372036854775807 9223372036854775808|9223372036854775806 9223372036854775809 -9223372036854775808
-9223372036854775809|-9223372036854775808|-9223372036854775809 -9223372036854775808|-9223372036854775810 -9223372036854775807 9223372036854775808
18446744073709551615|18446744073709551616|18446744073709551615 18446744073709551616|18446744073709551614 18446744073709551617 -18446744073709551616 -1 0 1
18446744073709551616||18446744073709551616 99999999999999999999 1e20 184467440737095516160|18446744073709551615 -18446744073709551617 9999999999999999999
123456789012345678901234567890|123456789012345678901234567892|123456789012345678901234567890 000123456789012345678901234567891 +123456789012345678901234567892|123456789012345678901234567889 123456789012345678901234567893 12345678901234567890123456789 1234567890123456789012345678910 -123456789012345678901234567891
-123456789012345678901234567892|-123456789012345678901234567890|-123456789012345678901234567891 -0123456789012345678901234567890|-123456789012345678901234567889 -123456789012345678901234567893 123456789012345678901234567891
1e30|1000000000000000000000000000000.5|1000000000000000000000000000000 1e30|999999999999999999999999999999 1000000000000000000000000000001
4|8|4 8 +5 5. 5.0 5.e0 .5e1 0.5E+01 50e-1 0005 8.0 4e0 00000000000000000000000000000000000005 5.0000000000000000000000000000000000000000000000 0.00000000000000000000000000000000000005e38 8.0000000000000000001|3 9 -5 3.9999999999999996 8.000000000000002 45 5e1 .5 -4 84
4.5|5.5|5 4.5 5.5 5.0 +5|4 6 4.4999999999999991 5.500000000000001 -5
-0.5|0.5|0 -0 +0 00 0.0 -0.0 0e5 -.5 0.5 .5 -5e-1|1 -1 0.50000000000000012 -0.6
-0|0|0 -0 0.0 -0.0 1e-400 -1e-400|1 -1 1e-320 -5e-324
0.1|0.1|0.1 .1 1e-1 100000000000000000000e-21 0.1000000000000000055511151231257827 0.0999999999999999999 0.100000000000000012490009027033011079765856266021728515625|0 1 0.09999999999999999 0.10000000000000002 0.1000000000000000124900090270330110797658562660217285156250000000000000000001
0.3|0.3|0.3 3e-1 0.30000000000000001665334536937734810635447502136230468749|0.30000000000000004 0.3000000000000000166533453693773481063544750213623046875 0.29999999999999993
1|1|1 1.0 1.00000000000000011102230246251565404236316680908203125 0.99999999999999999|1.00000000000000011102230246251565404236316680908203126 1.0000000000000002 0.9999999999999999
1e22|1e22|1e22 1E+22 10000000000000000000000 10000000000000000000000.0 10000000000000001048576.0|10000000000000000000001 9999999999999999999999 10000000000000001048577.0
1e23|1e23|1e23 100000000000000000000000 99999999999999991611392.0 1000e20|99999999999999991611392 99999999999999999999999 1.0000000000000001e23
1234567890123.45678|1234567890123.45678|123456789012345678e-5 1234567890123.45678 1.23456789012345678e12|1234567890123.4570 1234567890123
1e-320||1e-320 1 1e-319 1.0000000000000000000000001e-320|9.9e-321 1e-400 0 -1 -1e-320
5e-324|5e-324|5e-324 4.9e-324 3e-324 2.4703282292062328e-324 7.4e-324|0 2.4703282292062327e-324 -5e-324 1e-323 7.5e-324
|1.7976931348623157e308|1.7976931348623157e308 1.7976931348623158e308 17976931348623157e292 -inf 0|1.7976931348623159e308 1e309 inf
inf||inf Infinity +inf INF +INFINITY infinity 1e400 1e309|1e308 -inf 0 -1e400 99999999999999999999999999999999999999999
|-Infinity|-inf -Infinity -INF -1e400|0 -1e308 inf 1 -99999999999999999999999999999999
1e400||inf 1e400 1e309|1e308 0 999999999999999999999999999999 -inf
-inf|inf|inf -inf 0 1e400 -99999999999999999999999999 1.5|
END

# A third of many numbers as the lower bound and as the upper bound of all.
all_against_all() {
    printf '%s\n' 0 -0 1 -1 0.0 .5 -.5 4 5 5.0 007 10 99 -100 2147483647 2147483648 -2147483649 4294967295 4294967296 \
        9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807 \
        9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616 \
        100000000000000000000 123456789012345678901234567890 123456789012345678901234567891 0.1 0.10000000000000002 \
        1e22 1e23 1e-320 -1e-320 1e308 1e400 -1e400 inf -inf 3.0000000000000000000000000000001 123.456e2 \
        9007199254740993.0 0.3 2.2250738585072011e-308 8.5 >"$folder/all"
    paste -d , - - - - - - - <"$folder/all" >"$folder/all.csv"
    awk 'NR % 3 == 1' "$folder/all" >"$folder/bounds"
    while read -r bound; do
        agrees "$bound" '' '' '' "$folder/all.csv" && agrees '' "$bound" '' '' "$folder/all" || return 1
    done <"$folder/bounds"
}
check "many numbers as bounds of all" all_against_all

# Cells longer than some blocks: 1 followed by zeros, 5 behind zeros, 5 before them.
long_cells() {
    zeros=$(printf '%020000d' 0)
    printf '%s,%s,%s\n' "1$zeros" "${zeros}5" "5.$zeros" 4 "-1$zeros" "0.${zeros}5" >"$folder/long.csv"
    expect 4 8 '' '' "$folder/long.csv" && as_expected &&
        expect 9 '' '' '' "$folder/long.csv" && as_expected
}
check "cells of 20 000 digits" long_cells

# ---- Columns -------------------------------------------------------------------------------------

table named.csv rows=300 columns=7 seed=5 kind=mixed missing=.1 header=1 text=4
while IFS=';' read -r columns list; do
    check "-c $list" agrees 4 8 "header=1 columns=$columns" "-c $list" "$folder/named.csv"
done <<'END'
1;1
7;7
1,3;1,3
1,3;3,1
5,6,7;5-
1,2,3;1-3
1,2,3,6,7;1-3,6-7
1,2,3,5,6,7;1-3,5-
6;6-6
3;name_3
3,7;name_7,name_3
1,6,7;name_6,7,1
END
quoted_name() {
    expect 4 8 'header=1 columns=2,5' '' "$folder/named.csv"
    limit 20 ./rowcount --min 4 --max 8 --columns 'name 2,name 5' --json "$folder/named.csv" |
        answer | diff - "$folder/expected"
}
check "a name with a space" quoted_name
table spaces.txt rows=100 columns=5 seed=6 kind=mixed text=3 delimiter=space spaces=.3
check "columns, white space" agrees 4 8 'delimiter=space columns=2,5' '-c 2,5' "$folder/spaces.txt"
table unnamed.csv rows=100 columns=5 seed=7 kind=mixed text=2 crlf=1
check "columns without a header" agrees 4 8 columns=1,3,4,5 '-c 1,3-' "$folder/unnamed.csv"
header_is_text() {
    # a header is known by the columns to count alone
    printf '4,a,5\n5,b,6\n' >"$folder/texts.csv"
    agrees 4 8 columns=1,3 '-c 1,3' "$folder/texts.csv" &&
        agrees 4 8 'columns=1,3 header=1' '-c 1,3 --header yes' "$folder/texts.csv" &&
        fails 1 "texts.csv: line 2, column 2: 'b' is not a number" ./rowcount "$folder/texts.csv" &&
        fails 1 "texts.csv: line 1, column 2: 'a' is not a number" ./rowcount --header no "$folder/texts.csv"
}
check "a header is known by the columns that are counted" header_is_text

other_order() {
    printf 'a,b\n4,5\n' >"$folder/ab.csv"
    printf 'b,a\n4,5\n' >"$folder/ba.csv"
    fails 1 "ba.csv has its columns in another order than $folder/ab.csv" ./rowcount -c a "$folder/ab.csv" "$folder/ba.csv"
}
check "a name of another column in another file" other_order
for list in 0 8 3-9 9- 5-3 name_9 1,1 1-3,2 name_3,3 '' ',' '1,' 1-- x-y -; do
    check "-c '$list' is refused" fails '[12]' '' ./rowcount -c "$list" "$folder/named.csv"
done
check "a name without a header" fails 1 "name_3" ./rowcount -c name_3 "$folder/digits.csv"

done_testing
