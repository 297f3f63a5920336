# rowcount's errors: wrong usage and bad input, each one line that says where.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

small=$folder/small.csv new=$folder/new
printf 'a,b\n4,5\n9,NA\n1,8\n' >"$small"

# ---- Wrong usage -----------------------------------------------------------------------------------

usage() {
    words=$1
    shift
    fails 2 "$words" ./rowcount "$@"
}
for bound in nan abc '' ' 5' 0x10 1e '1,5' 5x -- +-5 .; do
    check "--min '$bound' is refused" usage "--min '$bound'" --min "$bound" "$small"
    check "--max '$bound' is refused" usage "--max '$bound'" --max "$bound" "$small"
done
check "--min above --max" usage "--min 5 is more than --max 4" --min 5 --max 4 "$small"
check "--min above --max by little" usage "--min 9007199254740993 is more than" \
    --min 9007199254740993 --max 9007199254740992 "$small"
check "--min inf --max -inf" usage "--min inf is more than --max -inf" --min inf --max -inf "$small"
for size in 5 '' '5*5'; do
    check "--random '$size' is refused" usage "--random '$size'" --random "$size"
done
for size in 5x0 0x0 x5 5x 5x-1 -5x5 axb 5x5x5 1.5x2 1e30x2 5x99999999999; do
    check "--random '$size' is refused" usage "--random *is not a whole number from 1 to " --random "$size"
done
check "--seed -1" usage "--seed '-1'" --random 5x5 --seed -1
check "--random and a file" usage "" --random 5x5 "$small"
check "--write without --random" usage "--write is for --random" --write "$new/t.csv" "$small"
check "--seed without --random" usage "--seed is for --random" --seed 1 "$small"
check "--write and --output of the same file" usage "$new/t.csv" --random 5x5 --write "$new/t.csv" -o "$new/t.csv"
check "--write of another kind" usage "--write '$new/t.txt'" --random 5x5 --write "$new/t.txt"
check "--output of another kind" usage "--output '$new/x.txt'" -o "$new/x.txt" "$small"
check "--output without a name" usage "--output ''" -o "" "$small"
check "--plot of another kind" usage "--plot '$new/x.gif' does not end in .svg or .png" --plot "$new/x.gif" "$small"
check "--json and --output -" usage "--json and --output - both want standard output" --json -o - "$small"
check "--header perhaps" usage "--header 'perhaps'" --header perhaps "$small"
for delimiter in '' ab 5 . - e '"'; do
    check "-d '$delimiter' is refused" usage "--delimiter '$delimiter'" -d "$delimiter" "$small"
done
for block in 0 -1 8388609 1.5 x; do
    check "--block $block is refused" usage "--block '$block'" --block $block "$small"
done
check "no file" usage "no file is named"
check "an unknown option" usage "unknown option '-x'" -x "$small"
check "an unknown long option" usage "'--mini'" --mini 3 "$small"
check "an unknown backend" usage "unknown backend 'gpu'" -b gpu "$small"
check "no workers" usage "--workers '0'" -w 0 "$small"
check "serial with two workers" usage "the serial backend has 1 worker, not 2" -b serial -w 2 "$small"
check "TRIREME_SIMD" fails 2 "TRIREME_SIMD" env TRIREME_SIMD=mmx ./rowcount "$small"

# ---- Bad input ---------------------------------------------------------------------------------------

# One line, the same however the file is read.
bad_input() {
    words=$1
    shift
    for how in '-b serial' '-b serial --block 1' '-b threads -w 3 --block 7' '-b fork -w 4 --block 2' '-w 9'; do
        fails 1 "$words" ./rowcount $how -o "$new/counts.npy" "$@" || return 1
        [ "$how" = '-b serial' ] && mv "$folder/err" "$folder/first_err"
        [ ! -e "$folder/err" ] || cmp "$folder/err" "$folder/first_err" || return 1
    done
}
while IFS=';' read -r name words text options; do
    # shellcheck disable=SC2059  # the format is the text
    printf "$text" >"$folder/bad.csv"
    check "$name" bad_input "$folder/bad.csv: $words" $options "$folder/bad.csv"
done <<'END'
a cell that is no number;line 2, column 2: 'x' is not a number;1,2\n3,x\n5,6\n
a cell that is no number, CRLF;line 3, column 1: 'x3' is not a number;1,2\r\n\r\nx3,4\r\n5,6\r\n
a cell that is no number, between spaces and quotes;line 2, column 2: 'x y' is not a number;1,2\n3, "x y" \n5,6\n
a cell that is no number below a header;line 4, column 2: '4 5' is not a number;a,b\n1,2\n\n3,4 5\n
a cell that is no number at the end;line 3, column 2: '6x' is not a number;1,2\n3,4\n5,6x
a name below the header;line 2, column 1: 'c' is not a number;a,b\nc,d\n1,2\n
half an exponent;line 2, column 1: '1e' is not a number;1\n1e\n2\n
two points;line 2, column 1: '1.2.3' is not a number;1\n1.2.3\n2\n
hexadecimal;line 2, column 1: '0x10' is not a number;1\n0x10\n2\n
an underscore;line 2, column 1: '1_000' is not a number;1\n1_000\n2\n
a lone sign;line 2, column 1: '-' is not a number;1\n-\n2\n
a lone point;line 2, column 1: '.' is not a number;1\n.\n2\n
a lone exponent;line 2, column 1: 'e5' is not a number;1\ne5\n2\n
two signs;line 2, column 1: '+-5' is not a number;1\n+-5\n2\n
a word almost known;line 2, column 1: 'infinit' is not a number;1\ninfinit\n2\n
another word almost known;line 2, column 1: 'nanx' is not a number;1\nnanx\n2\n
a NUL byte;line 2, column 1: ;1\n2\0003\n4\n
a byte beyond ASCII;line 2, column 1: ;1\n2\3033\n4\n
words for the terminal;line 2, column 1: '*[[]31m5' is not a number;1\n\033[31m5\n4\n
a row too short;line 3 has 1 column*, not 2;1,2\n3,4\n5\n6,7\n
a row too long;line 2 has 3 columns, not 2;1,2\n3,4,5\n6,7\n
a delimiter too many;line 2 has 3 columns, not 2;1,2\n3,4,\n6,7\n
a row too short, white space;line 2 has 2 columns, not 3;1 2 3\n4  5\n;-d space
a row of another width under the header;line 2 has 3 columns, not 2;a,b\n1,2,3\n
a row of another width with a bad cell;line 2;1,2\nx,3,4\n5,6\n
a quote that is not closed;line 2, column 2: a quote is not closed;1,2\n3,"4\n5,6\n
a quote that is not closed at the end;line 3, column 2: a quote is not closed;1,2\n3,4\n5,"6
a quote that is not closed in the header;line 1, column 2: a quote is not closed;a,"b\n3,4\n
a quote that is not closed in a column that is not counted;line 2, column 2: a quote is not closed;1,2\n3,"4\n;-c 1
words behind a quote;line 2, column 1: '"3"4' is not a number;1,2\n"3"4,5\n
quotes around no number;line 2, column 2: 'x' is not a number;1,2\n3,"x"\n
the first of two;line 2, column 2: 'x' is not a number;1,2\n3,x\n5,6\ny,8\n9\n
--header no on a header;line 1, column 1: 'a' is not a number;a,b\n1,2\n;--header no
--header yes;line 2, column 1: 'x' is not a number;1,2\nx,3\n;--header yes
a comment behind the first row;line 2, column 1: '#3' is not a number;1,2\n#3,4\n
END

# Bad cells in rows 300 and 1000 of 1200: all workers report the first.
first_bad="bad.csv: line 300, column 1: 'x' is not a number"
first_of_two() {
    table two.csv rows=1200 columns=5 seed=1 kind=integers
    sed -e '300s/^[^,]*/x/' -e '1000s/^[^,]*/y/' "$folder/two.csv" >"$folder/bad.csv"
    for workers in 1 2 3 4 5 6 7 8 9; do
        for block in 100 5000 1M; do
            fails 1 "$first_bad" ./rowcount -b threads -w $workers --block $block \
                "$folder/bad.csv" || return 1
        done
    done
    fails 1 "$first_bad" ./rowcount -w 9 --block 100 \
        "$folder/two.csv" "$folder/bad.csv" "$folder/bad.csv"
}
check "the first bad row of many blocks is reported" first_of_two
first_file() {
    { cat "$folder/two.csv"; echo '1,2,3,4,x'; } >"$folder/late.csv"
    echo 'x,2,3,4,5' | cat - "$folder/two.csv" | sed 2q >"$folder/early.csv"
    bad_input "late.csv: line 1201, column 5: 'x' is not a number" --header no \
        "$folder/two.csv" "$folder/late.csv" "$folder/early.csv"
}
check "and that of the first file" first_file
bad_on_ranks() {
    limit 20 "$MPIEXEC" -n 3 ./rowcount --block 1000 -o "$new/counts.npy" "$folder/bad.csv" \
        </dev/null >"$folder/out" 2>"$folder/err"
    got=$?
    cat "$folder/out" "$folder/err"
    [ $got -eq 1 ] && [ "$(grep -c '^rowcount: ' "$folder/err")" -eq 1 ] &&
        grep -q "^rowcount: .*$first_bad$" "$folder/err" && nothing_new
}
if [ "$MPIEXEC" = no ]; then
    skip "and on MPI ranks" "this build has no MPI"
else
    check "and on MPI ranks" bad_on_ranks
fi

# what --skip-bad leaves out, and says
skip_bad() {
    printf '1,2\n3\n5,6,7\n8,x\n"9,4\n5,5\n\n6,7\n' >"$folder/bad.csv"
    agrees 4 8 skip_bad=1 --skip-bad "$folder/bad.csv" || return 1
    [ "$(limit 10 ./rowcount --skip-bad --json "$folder/bad.csv" | json bad_rows)" = 4 ] &&
        limit 10 ./rowcount --skip-bad "$folder/bad.csv" | grep -x 'bad rows  *4' &&
        ! limit 10 ./rowcount --json "$folder/small.csv" | grep bad_rows
}
check "--skip-bad leaves out bad rows and says how many" skip_bad
rm -f "$folder"/new/*

# The longest cell there may be, and one more, wherever blocks end and however it comes.
long_cell() {
    awk 'BEGIN { for (i = 0; i < 3; i++) printf "1,%*s,2\n", 262144 - i % 2, "x" }' |
        tr ' ' x >"$folder/long.csv"
    awk 'BEGIN { printf "1,y,2\n1,%*s,2\n", 262145, "x" }' | tr ' ' x >"$folder/longer.csv"
    for how in '--block 1' '--block 1000 -w 3' '--block 300000 -w 2' '-w 2'; do
        [ "$(limit 10 ./rowcount --header no -c 1,3 --json $how "$folder/long.csv" | json rows)" = 3 ] &&
            fails 1 "line 2, column 2: a cell is longer than 262144" \
                ./rowcount --header no -c 1,3 $how "$folder/longer.csv" || return 1
        [ "$(limit 10 ./rowcount --header no -c 1,3 --json $how - <"$folder/long.csv" | json rows)" = 3 ] &&
            cat "$folder/longer.csv" | fails 1 "line 2, column 2: a cell is longer than 262144" \
                ./rowcount --header no -c 1,3 $how - || return 1
    done
}
check "a cell that is too long, wherever blocks end" long_cell

another_width() {
    printf '1,2,3\n' >"$folder/wide.csv"
    bad_input "$folder/wide.csv has 3 columns, but $small has 2" "$small" "$folder/wide.csv"
}
check "files of different widths" another_width
check "a missing file" bad_input "$folder/missing.csv: No such file or directory" "$folder/missing.csv"
check "a missing file behind another" \
    bad_input "$folder/missing.csv: No such file or directory" "$small" "$folder/missing.csv"
check "a folder" bad_input "$folder/new: Is a directory" "$folder/new"

# Root may read all files: then as nobody.
secret_file() {
    cp "$small" "$folder/secret.csv"
    chmod 0 "$folder/secret.csv"
    chmod a+x "$folder"
    $as_nobody ./rowcount "$folder/secret.csv" >"$folder/out" 2>"$folder/err"
    [ $? -eq 1 ] && [ "$(cat "$folder/err")" = "rowcount: $folder/secret.csv: Permission denied" ]
}
as_nobody=''
[ "$(id -u)" -ne 0 ] || as_nobody='setpriv --reuid 65534 --clear-groups'
if [ -n "$as_nobody" ] && ! $as_nobody ./rowcount --version >/dev/null 2>&1; then
    skip "a file that may not be read" "root may read all files, and others not the build folder"
else
    check "a file that may not be read" secret_file
fi
printf '\037\213\010\000\000\000\000\000\000\003\063\344\062\342\002\000' >"$folder/t.csv.gz"
check "a compressed file" bad_input "t.csv.gz is compressed: zcat it" "$folder/t.csv.gz"
printf '\377\3761\000,\0002\000\n\0003\000,\0004\000\n\000' >"$folder/utf16.csv"
check "UTF-16" bad_input "utf16.csv is UTF-16: make it UTF-8 with iconv" "$folder/utf16.csv"
{ echo 1,2; cat ./rowcount; } | head -c 3000 >"$folder/program.csv"
check "a program" bad_input "program.csv: line 2, column 1: " "$folder/program.csv"

done_testing
