# The program rowcount, from the outside: what it prints and writes, and the same answer from all
# backends. More of it: rowcount_text.sh, rowcount_npy.sh, rowcount_pipes.sh, rowcount_errors.sh,
# rowcount_limits.sh.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

# ---- What it prints ------------------------------------------------------------------------------

new=$folder/new small=$folder/small.csv
printf 'a,b\n4,5\n9,NA\n1,8\n' >"$small"
prints_text() {
    limit 10 ./rowcount --min 4 --max 8 -b threads -w 2 "$small" | tr '\n' '|' | grep -Ex \
        'rows +3 of 2 columns\|values +5, 1 missing\|in range +3 from 4 to 8, 60 %\|\|in range +rows\| +0 +1 +33\.3 %\| +1 +1 +33\.3 %\| +2 +1 +33\.3 %\|\|backend +threads, 2 workers on 1 host\|time +[0-9.e-]+ s, [0-9.e+-]+ GB/s\|'
}
check "prints rows, values, the histogram, backend and time" prints_text

prints_json() {
    limit 10 ./rowcount --min 4 --max 8 -b threads -w 3 --json "$small" | grep -Ex \
        '\{"program": "rowcount", "rows": 3, "columns": 2, "values": 5, "missing": 1, "in_range": 3, "histogram": \[1, 1, 1\], "bytes": 17, "backend": "threads", "workers": 3, "hosts": 1, "seconds": [0-9.e-]+, "bytes_per_second": [0-9.e+-]+\}'
}
check "--json prints one object with all keys" prints_json
is_json() {
    limit 10 ./rowcount --json --skip-bad --random 1000x5 >"$folder/json" &&
        jq -e '.histogram | add == 1000' <"$folder/json"
}
if command -v jq >/dev/null; then
    check "the object is JSON" is_json
else
    skip "the object is JSON" "no jq"
fi

help_names_all() {
    limit 10 ./rowcount --help >"$folder/help"
    for option in --min --max --columns --delimiter --header --skip-bad --output --plot --random --seed --write \
        --block --backend --workers --json --quiet --progress --help --version; do
        grep -q -e "$option" "$folder/help" || { echo "no $option"; return 1; }
    done
}
check "--help names all options" help_names_all
check "--version" limit 10 sh -c './rowcount --version | grep -Ex "rowcount \(Trireme\) [0-9.]+"'

# `-o -` leaves stdout to the counts
counts_on_stdout() {
    [ "$(limit 10 ./rowcount --min 4 --max 8 -o - "$small" 2>"$folder/err" | tr '\n' ' ')" = '2 0 1 ' ] &&
        grep -q '^rows  *3' "$folder/err" &&
        [ "$(limit 10 ./rowcount --min 4 --max 8 -q -o - "$small" 2>&1 | tr '\n' ' ')" = '2 0 1 ' ]
}
check "-o - writes lines, and the summary to stderr" counts_on_stdout

# numbers FILE: of an .npy file of int32
numbers() {
    header=$(od -An -v -t u1 -j 8 -N 2 "$1" | awk '{ print 10 + $1 + 256 * $2 }')
    [ $((header % 64)) -eq 0 ] || echo "the data begin at $header"
    head -c "$header" "$1" | tail -c +11 | grep -q "^{'descr': '<i4', 'fortran_order': False, 'shape': ($2,), }" ||
        head -c "$header" "$1"
    od -An -v -t d4 -j "$header" "$1" | tr -s ' ' '\n' | grep .
}
counts_as_npy() {
    limit 10 ./rowcount --min 4 --max 8 -o "$new/counts.npy" "$small" >/dev/null &&
        [ "$(numbers "$new/counts.npy" 3 | tr '\n' ' ')" = '2 0 1 ' ]
}
check "-o FILE.npy writes int32" counts_as_npy
no_counts() {
    : >"$folder/empty.csv"
    limit 10 ./rowcount -o "$new/counts.npy" "$folder/empty.csv" >/dev/null &&
        [ -z "$(numbers "$new/counts.npy" 0)" ] &&
        limit 10 ./rowcount -o "$new/counts.csv" "$folder/empty.csv" >/dev/null &&
        [ -f "$new/counts.csv" ] && [ ! -s "$new/counts.csv" ]
}
check "-o for a table without rows" no_counts
modes() {
    umask 027
    limit 10 ./rowcount -q -o "$new/mode.csv" "$small" >/dev/null && : >"$new/other"
    [ "$(ls -l "$new/mode.csv" | cut -c 1-10)" = "$(ls -l "$new/other" | cut -c 1-10)" ]
}
check "-o makes a file like any other" modes
replaces() {
    echo old >"$new/old.csv"
    limit 10 ./rowcount -q -o "$new/old.csv" --skip-bad "$small" >/dev/null &&
        [ "$(wc -l <"$new/old.csv")" -eq 3 ] || return 1
    echo old >"$new/old.csv"
    ! limit 10 ./rowcount -q -o "$new/old.csv" "$folder/no" 2>/dev/null &&
        [ "$(cat "$new/old.csv")" = old ]
}
check "-o replaces a file, but only by a whole one" replaces
rm -f "$folder"/new/*

# ---- The same answer -----------------------------------------------------------------------------

table first.csv rows=3000 columns=9 seed=1 kind=mixed missing=.1 header=1 crlf=1 quotes=.1
table last.csv rows=2000 columns=9 seed=2 kind=digits open=1
tables="--min 4 --max 8 --block 10k $folder/first.csv $folder/middle.npy $folder/last.csv"
limit 20 ./rowcount --random 5000x9 --write "$folder/middle.npy" >/dev/null
limit 20 ./rowcount --random 5000x9 --write "$folder/middle.csv" >/dev/null

constant() {
    sed -E 's/"(backend|workers|hosts|seconds|bytes_per_second)": ("[^"]*"|[^,}]*)//g'
}
serial() {
    expect 4 8 header=1 '' "$folder/first.csv" && cat "$folder/counts" >"$folder/all.csv"
    expect 4 8 '' '' "$folder/middle.csv" "$folder/last.csv" && cat "$folder/counts" >>"$folder/all.csv"
    limit 20 ./rowcount -b serial $tables --json -o "$folder/serial.csv" | constant >"$folder/serial" &&
        limit 20 ./rowcount -b serial $tables -q -o "$folder/serial.npy" >/dev/null &&
        cmp "$folder/all.csv" "$folder/serial.csv" && numbers "$folder/serial.npy" 10000 | cmp - "$folder/all.csv"
}
check "serial: the counts of awk" serial

# the_same COMMAND...: JSON and both kinds of output
the_same() {
    "$@" $tables --json -o "$new/counts.npy" </dev/null >"$folder/json" || return 1
    constant <"$folder/json" | diff - "$folder/serial" && cmp "$new/counts.npy" "$folder/serial.npy"
}
the_same_lines() {
    "$@" $tables -q -o - </dev/null >"$new/counts" &&
        cmp "$new/counts" "$folder/serial.csv" &&
        "$@" $tables -q -o "$new/counts.csv" </dev/null >/dev/null &&
        cmp "$new/counts.csv" "$folder/serial.csv"
}
all_workers() {
    for workers in 1 2 3 4 5 6 7 8 9; do
        the_same limit 20 ./rowcount -b "$1" -w $workers &&
            the_same_lines limit 20 ./rowcount -b "$1" -w $workers ||
            { echo "$workers workers"; return 1; }
    done
}
all_ranks() {
    for ranks in 1 2 3 4 5 6 7 8 9; do
        the_same limit 30 "$MPIEXEC" -n $ranks ./rowcount || { echo "$ranks ranks"; return 1; }
    done
    the_same_lines limit 30 "$MPIEXEC" -n 3 ./rowcount
}
check "threads, 1 to 9 workers: the answer of serial" all_workers threads
check "fork, 1 to 9 workers: the answer of serial" all_workers fork
if [ "$MPIEXEC" = no ]; then
    skip "mpi, 1 to 9 ranks: the answer of serial" "this build has no MPI"
else
    check "mpi, 1 to 9 ranks: the answer of serial" all_ranks
fi
more_workers_than_blocks() {
    limit 10 ./rowcount --min 4 --max 8 -w 9 --json "$small" | answer | grep -qx '3 2 5 1 3 1, 1, 1' &&
        limit 10 ./rowcount -w 9 --json "$folder/empty.csv" | answer | grep -qx '0 0 0 0 0 0'
}
check "more workers than there is work" more_workers_than_blocks
for level in portable avx2 avx512; do
    case $levels in
    *$level*) check "SIMD level $level" the_same limit 20 env TRIREME_SIMD=$level ./rowcount ;;
    *) skip "SIMD level $level" "this CPU does not have it" ;;
    esac
done
rm -f "$folder"/new/*

# ---- A random table ------------------------------------------------------------------------------

# written COMMAND...: the files and the answer are those of one worker
random='--random 20011x7 --seed 42 --min 4 --max 8 --json'
one_worker() {
    limit 20 ./rowcount -b serial $random --write "$folder/random.csv" >"$folder/json" &&
        limit 20 ./rowcount -b serial $random --write "$folder/random.npy" | answer >"$folder/random.answer" &&
        answer <"$folder/json" | diff - "$folder/random.answer"
    for file in random.csv random.npy; do
        limit 20 ./rowcount --min 4 --max 8 --json "$folder/$file" | answer |
            diff - "$folder/random.answer" || return 1
    done
    expect 4 8 '' '' "$folder/random.csv" && cmp "$folder/expected" "$folder/random.answer"
}
check "--write keeps the random table" one_worker
written() {
    "$@" $random --write "$new/t.csv" -o "$new/counts.csv" </dev/null | answer |
        diff - "$folder/random.answer" &&
        cmp "$new/t.csv" "$folder/random.csv" && cmp "$new/counts.csv" "$folder/counts" &&
        "$@" $random --write "$new/t.npy" </dev/null >/dev/null &&
        cmp "$new/t.npy" "$folder/random.npy"
}
written_by_all() {
    expect 4 8 '' '' "$folder/random.csv"
    for backend in threads fork; do
        for workers in 1 2 3 4 5 6 7 8 9; do
            written limit 20 ./rowcount -b $backend -w $workers || { echo "$backend, $workers"; return 1; }
        done
    done
    written limit 20 ./rowcount -w 3 --block 1000
}
check "and it is the same for 1 to 9 workers" written_by_all
written_by_ranks() {
    expect 4 8 '' '' "$folder/random.csv"
    written limit 20 "$MPIEXEC" -n 4 ./rowcount
}
if [ "$MPIEXEC" = no ]; then
    skip "and on MPI ranks" "this build has no MPI"
else
    check "and on MPI ranks" written_by_ranks
fi
rm -f "$folder"/new/*
# 140 077 digits: each about 14 008 times, give or take four standard deviations
uniform() {
    tr , '\n' <"$folder/random.csv" | sort | uniq -c | awk '
        $2 !~ /^[0-9]$/ || $1 < 13558 || $1 > 14458 { print; bad = 1 } END { exit bad || NR != 10 }'
}
check "all digits are as likely" uniform
seeds() {
    limit 10 ./rowcount --random 100x5 --write "$new/0.csv" >/dev/null &&
        limit 10 ./rowcount --random 100x5 --seed 0 --write "$new/00.csv" >/dev/null &&
        limit 10 ./rowcount --random 100x5 --seed 18446744073709551615 --write "$new/1.csv" >/dev/null &&
        cmp "$new/0.csv" "$new/00.csv" && ! cmp -s "$new/0.csv" "$new/1.csv"
}
check "another seed gives another table" seeds
rm -f "$folder"/new/*

keeps_mode() {
    touch "$new/secret.csv"
    chmod 600 "$new/secret.csv"
    limit 10 ./rowcount -q -o "$new/secret.csv" "$small" >/dev/null && [ -s "$new/secret.csv" ] &&
        [ "$(stat -c %a "$new/secret.csv")" = 600 ] && rm "$new/secret.csv"
}
check "-o keeps the mode of the file that it replaces" keeps_mode

# ---- Plots -------------------------------------------------------------------------------------------

# A gnuplot that keeps what it is told, and one that fails.
mkdir "$folder/bin"
no_gnuplot() {
    fails 1 gnuplot env PATH="$folder/bin" "$PWD/rowcount" --plot "$new/x.svg" "$small"
}
gnuplot_fails() {
    printf '#!/bin/sh\nexit 3\n' >"$folder/bin/gnuplot"
    chmod +x "$folder/bin/gnuplot"
    PATH="$folder/bin:$PATH" fails 1 gnuplot ./rowcount --plot "$new/x.svg" "$small"
}
draws() {
    for kind in svg png; do
        limit 30 ./rowcount --min 4 --max 8 --plot "$new/plot.$kind" --random 10000x5 >/dev/null || return 1
    done
    grep -q '<svg' "$new/plot.svg" && head -c 4 "$new/plot.png" | tail -c 3 | grep -qx PNG
    status=$?
    rm "$new/plot.svg" "$new/plot.png"
    [ $status -eq 0 ] && nothing_new
}
# What is special to gnuplot and to a shell is a name all the same.
odd_name() {
    plot="$new/a\`touch rowcount.tmp\`'\".svg"
    limit 30 ./rowcount --random 10x5 --plot "$plot" >/dev/null && rm "$plot" && nothing_new &&
        [ ! -e rowcount.tmp ]
}
check "--plot without gnuplot" no_gnuplot
check "--plot with a gnuplot that fails" gnuplot_fails
if command -v gnuplot >/dev/null; then
    check "--plot draws SVG and PNG" draws
    check "--plot to a file of an odd name" odd_name
else
    skip "--plot draws SVG and PNG" "no gnuplot"
    skip "--plot to a file of an odd name" "no gnuplot"
fi

done_testing
