# rowcount from pipes, and what it does where it cannot write.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

new=$folder/new

# ---- Standard input ------------------------------------------------------------------------------

# as_reference ARGUMENT...: counts and answer are those of awk in $folder/expected and $folder/counts
as_reference() {
    limit 20 ./rowcount --min 4 --max 8 $how --json -o "$folder/counted.csv" "$@" >"$folder/json" || return 1
    answer <"$folder/json" | diff - "$folder/expected" && cmp "$folder/counted.csv" "$folder/counts"
}

table table.csv rows=3000 columns=7 seed=1 kind=mixed missing=.1 header=1 crlf=1 quotes=.1 open=1
expect 4 8 header=1 '' "$folder/table.csv"
piped() {
    # shellcheck disable=SC2002  # a pipe is the point
    cat "$folder/table.csv" | as_reference - &&
        [ "$(json bytes <"$folder/json")" -eq $(wc -c <"$folder/table.csv") ]
}
redirected() {
    as_reference - <"$folder/table.csv"
}
consumed() {
    {
        echo 'words that are read by another program'
        cat "$folder/table.csv"
    } >"$folder/behind.csv"
    { read -r words && as_reference -; } <"$folder/behind.csv"
}
in_two_halves() {
    size=$(($(wc -c <"$folder/table.csv") / 2))
    { head -c $size "$folder/table.csv"; sleep 0.1; tail -c +$((size + 1)) "$folder/table.csv"; } |
        as_reference -
}
fifo() {
    rm -f "$folder/fifo"
    mkfifo "$folder/fifo"
    cat "$folder/table.csv" >"$folder/fifo" &
    as_reference "$folder/fifo"
    status=$?
    wait
    return $status
}
check "standard input from a pipe" on_local_backends piped
check "from a file" on_local_backends redirected
check "from where another program has left it" on_local_backends consumed
check "slowly" on_local_backends in_two_halves
check "a FIFO" on_local_backends fifo
# whose writer has gone long before all is read
short_fifo() {
    rm -f "$folder/fifo"
    mkfifo "$folder/fifo"
    printf '4,5\n6,12\n' >"$folder/fifo" &
    limit 5 ./rowcount --min 4 --max 8 $how --json "$folder/fifo" "$folder/two.csv" >"$folder/json"
    status=$?
    kill $! 2>/dev/null
    wait
    [ $status -eq 0 ] && answer <"$folder/json" | grep -x '4 2 8 0 5 0, 3, 1'
}
printf '1,5\n8,9\n' >"$folder/two.csv"
check "a short FIFO and a file" on_local_backends short_fifo
by_name() {
    # shellcheck disable=SC2002
    cat "$folder/table.csv" | as_reference /dev/stdin && as_reference /dev/stdin <"$folder/table.csv"
}
check "standard input by its name" on_local_backends by_name
slow_cell() {
    [ "$({ printf '1,5\n4'; sleep 0.1; printf '2,5\n'; sleep 0.1; printf '8,'; sleep 0.1; printf '\n'; } |
        limit 10 ./rowcount --min 4 --max 8 $how --json - | answer)" = '3 2 5 1 3 0, 3, 0' ]
}
check "a cell and a row in parts" on_local_backends slow_cell
nothing_to_read() {
    [ "$(limit 10 ./rowcount $how --json - </dev/null | answer)" = '0 0 0 0 0 0' ]
}
check "nothing" on_local_backends nothing_to_read

table row.csv rows=1 columns=200000 seed=2 kind=mixed
one_row() {
    expect 4 8 '' '' "$folder/row.csv"
    # shellcheck disable=SC2002
    cat "$folder/row.csv" | as_reference -
}
check "one long row" on_local_backends one_row

limit 20 ./rowcount --random 5000x7 --write "$folder/random.npy" >/dev/null
limit 20 ./rowcount --random 5000x7 --write "$folder/random.csv" >/dev/null
npy_piped() {
    expect 4 8 '' '' "$folder/random.csv"
    # shellcheck disable=SC2002
    cat "$folder/random.npy" | as_reference - && as_reference - <"$folder/random.npy"
}
check ".npy" on_local_backends npy_piped
between_files() {
    expect 4 8 header=1 '' "$folder/table.csv" "$folder/table.csv" "$folder/table.csv"
    # shellcheck disable=SC2002
    cat "$folder/table.csv" | as_reference "$folder/table.csv" - "$folder/table.csv"
}
check "between two files" on_local_backends between_files

stdin_fails() {
    fails 1 "standard input: $1" ./rowcount $how -o "$new/counts.csv" -
}
# The first one's end must not be waited for: there is none.
bad_input() {
    yes 1,2,x | stdin_fails "line 2, column 3: 'x' is not a number" &&
        head -c 1000 "$folder/random.npy" | stdin_fails 'byte 1000' &&
        { cat "$folder/random.npy"; echo; } | stdin_fails 'byte 280128' &&
        { printf '1,2\n3,4\n'; sleep 0.1; printf '5,6,7\n'; } |
        stdin_fails 'line 3 has 3 columns, not 2'
}
rm -f "$new"/*
check "bad input" on_local_backends bad_input
closed_stdin() {
    fails 1 'standard input: Bad file descriptor' ./rowcount $how - <&-
}
check "that is closed" on_local_backends closed_stdin

# refused_on_ranks FILE: in one line, without a wait for what is in the pipe
refused_on_ranks() {
    limit 20 "$MPIEXEC" -n 2 ./rowcount "$1" </dev/null >"$folder/out" 2>"$folder/err"
    got=$?
    cat "$folder/out" "$folder/err"
    [ $got -eq 2 ] && [ ! -s "$folder/out" ] && [ "$(grep -c '^rowcount: ' "$folder/err")" -eq 1 ] &&
        grep -q '^rowcount: .* cannot be read by MPI ranks' "$folder/err"
}
if [ "$MPIEXEC" = no ]; then
    skip "ranks do not read standard input" "this build has no MPI"
    skip "ranks do not read a FIFO" "this build has no MPI"
else
    check "ranks do not read standard input" refused_on_ranks -
    check "ranks do not read a FIFO" refused_on_ranks "$folder/fifo"
fi

by_two_names() {
    seq 1 20000 | fails 1 "/dev/stdin: it can be read once only" ./rowcount - /dev/stdin
}
check "standard input by two names" by_two_names
check "a file whose size is not known" fails 1 "its size is not known" ./rowcount /proc/meminfo

many_files() {
    mkdir "$folder/many"
    expected=0
    while [ $expected -lt 100 ]; do
        expected=$((expected + 1))
        echo 4,5 >"$folder/many/$expected"
    done
    [ "$(limit 20 prlimit --nofile=40 ./rowcount --json "$folder"/many/* | json rows)" = 100 ]
}
if command -v prlimit >/dev/null; then
    check "more files than may be open" many_files
else
    skip "more files than may be open" "no prlimit"
fi

# ---- Where the output goes -----------------------------------------------------------------------

closed_stdout() {
    limit 10 ./rowcount $1 "$folder/random.csv" 2>"$folder/err" >&-
    [ $? -eq 1 ] && [ "$(wc -l <"$folder/err")" -eq 1 ] && grep '^rowcount: .*standard output' "$folder/err"
}
full_stdout() {
    limit 10 ./rowcount $1 "$folder/random.csv" 2>"$folder/err" >/dev/full
    [ $? -eq 1 ] && [ "$(wc -l <"$folder/err")" -eq 1 ] &&
        grep '^rowcount: .*standard output: No space left on device' "$folder/err"
}
for options in '' --json '-o -' '-q -o -'; do
    check "a closed stdout, options '$options'" closed_stdout "$options"
    check "a full stdout, options '$options'" full_stdout "$options"
done
reader_leaves() {
    limit 10 ./rowcount -q -o - --random 1000000x2 2>"$folder/err" | head -n 1 | grep -q '^[012]$' &&
        [ "$(cat "$folder/err")" = 'rowcount: cannot write to standard output: Broken pipe' ]
}
check "a reader of -o - that leaves" reader_leaves

table many.csv rows=100000 columns=2 seed=3 kind=digits
# on_full_disk ARGUMENT...: in a folder with room for 64 KiB, which is empty then
on_full_disk() {
    limit 30 unshare --mount sh -c '
        folder=$1
        shift
        mount -t tmpfs -o size=64k none "$folder/new" || exit 1
        "$@" >"$folder/out" 2>"$folder/err"
        echo $? >"$folder/status"
        ls -A "$folder/new"' sh "$folder" ./rowcount "$@" >"$folder/left" || { cat "$folder/left"; return 1; }
    cat "$folder/err" "$folder/left"
    [ "$(cat "$folder/status")" = 1 ] && [ ! -s "$folder/out" ] && [ ! -s "$folder/left" ] &&
        [ "$(wc -l <"$folder/err")" -eq 1 ] &&
        grep -q "^rowcount: .*$folder/new.*: No space left on device" "$folder/err"
}
full_disk() {
    for kind in csv npy; do
        on_full_disk $how -o "$new/x.$kind" "$folder/many.csv" &&
            on_full_disk $how --random 100000x2 --write "$new/x.$kind" || return 1
    done
}
if [ "$(id -u)" -ne 0 ] || ! unshare --mount mount -t tmpfs none "$new" 2>/dev/null; then
    skip "a full disk" "only root can mount one"
else
    check "a full disk" on_local_backends full_disk
fi
limited_files() {
    trap '' XFSZ
    ulimit -f 100
    fails 1 "$new/x.npy*: File too large" ./rowcount $how -o "$new/x.npy" "$folder/many.csv"
}
check "a limit on the size of files" on_local_backends limited_files

# cannot_write FILE REASON
cannot_write() {
    fails 1 "cannot write $1: $2" ./rowcount -o "$1" "$folder/many.csv"
}
check "a folder that does not exist" cannot_write "$folder/no/x.npy" "No such file or directory"
check "a file as a folder" cannot_write "$folder/many.csv/x.npy" "Not a directory"
onto_a_folder() {
    mkdir "$folder/x.npy"
    cannot_write "$folder/x.npy" "it is no regular file" && [ -z "$(ls -A "$folder/x.npy")" ]
}
check "onto a folder" onto_a_folder

# The counts of what was there, or a refusal that leaves it as it is.
onto_the_input() {
    cp "$folder/many.csv" "$folder/again.csv"
    expect 4 8 '' '' "$folder/many.csv"
    limit 10 ./rowcount --min 4 --max 8 $how -o "$folder/again.csv" "$folder/again.csv" \
        >"$folder/out" 2>&1
    case $? in
    0) cmp "$folder/again.csv" "$folder/counts" ;;
    [12]) cmp "$folder/again.csv" "$folder/many.csv" && [ "$(wc -l <"$folder/out")" -eq 1 ] ;;
    *) false ;;
    esac
}
check "onto the file that is read" on_local_backends onto_the_input

done_testing
