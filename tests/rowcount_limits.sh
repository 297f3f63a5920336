# rowcount and the system: memory, files that change while they are read, signals, the terminal.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/rowcount/common.sh"

new=$folder/new
table many.csv rows=100000 columns=2 seed=3 kind=digits

# ---- Memory --------------------------------------------------------------------------------------

# at_most KIB COMMAND...: of resident memory, of the process that has most
at_most() {
    most=$1
    shift
    /usr/bin/time -o "$folder/time" -f %M timeout 100 "$@" >"$folder/out" 2>"$folder/err"
    status=$?
    cat "$folder/err"
    used=$(tail -n 1 "$folder/time")
    echo "status $status, $used KiB"
    [ "$used" -le "$most" ]
}
large_file() {
    for how in '-b serial' '-b fork -w 2 --block 8M' '-b threads -w 2'; do
        case $how in
        *threads*) most=131072 ;;
        *) most=65536 ;;
        esac
        at_most $most ./rowcount --min 4 --json $how -o "$new/x.npy" "$1" && [ $status -eq 0 ] &&
            answer <"$folder/out" | diff - "$2" || { echo "$how"; return 1; }
    done
    # shellcheck disable=SC2002
    cat "$1" | at_most 65536 ./rowcount --min 4 --json -b fork -w 2 - && answer <"$folder/out" | diff - "$2"
}
repeat() {
    times=$1
    while [ $times -gt 0 ]; do
        cat "$2"
        times=$((times - 1))
    done
}
# repeated TIMES: $folder/part.csv so often, and the answer
repeated() {
    repeat "$1" "$folder/part.csv" >"$folder/large.csv"
    expect 4 '' '' '' "$folder/part.csv"
    awk -v times="$1" '{
        n = split($0, number, / /)
        for (i = 1; i <= n; i++)
            printf "%.0f%s", number[i] * (i == 2 ? 1 : times), (i == n ? "\n" : (i > 5 ? ", " : " "))
    }' "$folder/expected" >"$folder/large.expected"
    ls -l "$folder/large.csv"
    large_file "$folder/large.csv" "$folder/large.expected"
}
long_table() {
    table part.csv rows=50000 columns=8 seed=4 kind=mixed missing=.05
    repeated 50
}
wide_table() {
    awk 'BEGIN { for (i = 1; i < 1000000; i++) printf "%d.%d,", i % 10, i % 7; print 3 }' >"$folder/part.csv"
    repeated 20
}
large_npy() {
    npy large.npy '<i8' '(5000000, 8)'
    truncate -s 320000128 "$folder/large.npy"
    echo '5000000 8 40000000 0 0 5000000, 0, 0, 0, 0, 0, 0, 0, 0' >"$folder/npy.expected"
    large_file "$folder/large.npy" "$folder/npy.expected"
}
large_random() {
    at_most 65536 ./rowcount -b fork -w 2 --random 5000000x8 --json
}
# The right answer or an error: one cell takes more than all the memory.
long_cell() {
    head -c 100000000 /dev/zero | tr '\0' 1 >"$folder/cell.csv"
    { echo 5,6; cat "$folder/cell.csv"; echo ,7; } >"$folder/cells.csv"
    for file in cell.csv cells.csv; do
        at_most 65536 ./rowcount -b fork -w 2 "$folder/$file" &&
            [ $status -le 1 ] && [ "$(wc -l <"$folder/err")" -eq $status ] || return 1
    done
}
case $CFLAGS in
*sanitize*) reason="a sanitizer takes memory" ;;
*) /usr/bin/time -f %M true 2>/dev/null && reason= || reason="no GNU time" ;;
esac
for what in long_table wide_table large_npy large_random long_cell; do
    name="64 MiB are enough: $(echo $what | tr _ ' ')"
    if [ -n "$reason" ]; then
        skip "$name" "$reason"
    else
        check "$name" $what
    fi
done
rm -f "$folder/cell.csv" "$folder/cells.csv" "$new"/*

# ---- Files that change while they are read ---------------------------------------------------------

# still_sound FILE: the program in the background ends with an answer, or with one line on the file
still_sound() {
    wait $!
    status=$?
    cat "$folder/err"
    echo "status $status"
    [ $status -eq 0 ] && return
    [ $status -eq 1 ] && [ "$(wc -l <"$folder/err")" -eq 1 ] &&
        grep -q "^rowcount: .*$1" "$folder/err" && nothing_new
}

# A file of holes that takes some seconds to read.
shrinks() {
    rm -f "$new"/*
    npy shrinks.npy '<i8' '(2500000000,)'
    truncate -s 20000000128 "$folder/shrinks.npy" || return 1
    limit 60 ./rowcount $how -o "$new/x.npy" "$folder/shrinks.npy" >"$folder/out" 2>"$folder/err" &
    sleep 0.3
    truncate -s 100000 "$folder/shrinks.npy"
    still_sound shrinks.npy
}
check "an .npy file that shrinks" on_local_backends shrinks

# The program waits for the FIFO when the text behind it or before it gets shorter.
shrinks_at_a_fifo() {
    for order in before behind; do
        rm -f "$folder/fifo" "$new"/*
        mkfifo "$folder/fifo"
        repeat 4 "$folder/part.csv" >"$folder/shrinks.csv"
        case $order in
        before) files="$folder/shrinks.csv $folder/fifo" ;;
        behind) files="$folder/fifo $folder/shrinks.csv" ;;
        esac
        limit 20 ./rowcount $how -o "$new/x.npy" $files >"$folder/out" 2>"$folder/err" &
        exec 9<>"$folder/fifo"
        head -n 2 "$folder/part.csv" >&9
        sleep 0.3
        truncate -s 1000000 "$folder/shrinks.csv"
        exec 9>&-
        still_sound shrinks.csv || { echo "$order the FIFO"; return 1; }
    done
}
table part.csv rows=50000 columns=8 seed=4 kind=mixed
check "a text that shrinks" on_local_backends shrinks_at_a_fifo
rm -f "$folder"/shrinks.* "$new"/*

# ---- Signals ---------------------------------------------------------------------------------------

# The processes of a run are known by the folder on their command line.
becomes_none() {
    for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        pgrep -f "^[^ ]*rowcount .*$folder" >/dev/null || return 0
        sleep 0.1
    done
    pgrep -af "$folder"
    return 1
}

on_processes_and_threads() {
    for how in '-b fork -w 3' '-b threads -w 3'; do
        "$@" || { echo "with $how"; return 1; }
    done
}

# It waits for the rest of a FIFO. timeout sends the signal to the whole process group, as a terminal
# does.
interrupted() {
    rm -f "$folder/fifo" "$new"/*
    mkfifo "$folder/fifo"
    exec 9<>"$folder/fifo"
    head -c 50000 "$folder/many.csv" >&9
    timeout --preserve-status -k 5 -s INT 0.5 ./rowcount $how -o "$new/x.npy" "$folder/fifo" 9>&-
    status=$?
    exec 9>&-
    echo "status $status"
    [ $status -eq 130 ] && becomes_none && nothing_new
}
terminated() {
    rm -f "$folder/fifo" "$new"/*
    mkfifo "$folder/fifo"
    exec 9<>"$folder/fifo"
    head -c 50000 "$folder/many.csv" >&9
    timeout -k 5 20 ./rowcount $how -o "$new/x.npy" "$folder/fifo" 9>&- >/dev/null 2>&1 &
    sleep 0.5
    kill -TERM "$(pgrep -P $! -x rowcount)"
    wait $!
    status=$?
    exec 9>&-
    echo "status $status"
    [ $status -eq 143 ] && becomes_none && nothing_new
}
# Either it was too fast, or nothing is left.
interrupted_write() {
    timeout --preserve-status -k 5 -s INT 0.5 ./rowcount $how \
        --random 1000000x1000 --write "$new/x.csv" -o "$new/y.npy" >/dev/null
    status=$?
    echo "status $status"
    [ $status -eq 0 ] && rm "$new/x.csv" "$new/y.npy"
    [ $status -eq 0 ] || [ $status -eq 130 ] && becomes_none && nothing_new
}
# Which status is the launcher's choice. It is asked once: from two Ctrl-C it kills the ranks, and so
# it does when they have not ended within a second, as those may not that have much to write.
interrupted_ranks() {
    timeout --foreground --preserve-status -k 5 -s INT 1.5 "$MPIEXEC" -n 3 ./rowcount \
        --random 10000000x1000 -o "$new/y.npy" </dev/null >/dev/null
    status=$?
    echo "status $status"
    [ $status -eq 0 ] && rm "$new/y.npy"
    becomes_none && nothing_new
}
# The launcher's second is too short on a machine that is busy with other things.
one_of_three() {
    "$@" || { rm -f "$new"/* && "$@"; } || { rm -f "$new"/* && "$@"; }
}
if ! command -v pgrep >/dev/null; then
    skip "Ctrl-C leaves nothing behind" "no pgrep"
    skip "SIGTERM leaves nothing behind" "no pgrep"
    skip "Ctrl-C leaves no half a random table" "no pgrep"
    skip "Ctrl-C leaves none of MPI ranks" "no pgrep"
else
    check "Ctrl-C leaves nothing behind" on_processes_and_threads interrupted
    check "SIGTERM leaves nothing behind" on_processes_and_threads terminated
    check "Ctrl-C leaves no half a random table" on_processes_and_threads interrupted_write
    if [ "$MPIEXEC" = no ]; then
        skip "Ctrl-C leaves none of MPI ranks" "this build has no MPI"
    else
        check "Ctrl-C leaves none of MPI ranks" one_of_three interrupted_ranks
    fi
fi
rm -f "$new"/*

# ---- Progress --------------------------------------------------------------------------------------

check "nothing is shown for a short run" \
    sh -c '[ -z "$(timeout 10 ./rowcount --random 1000x5 2>&1 >/dev/null)" ]'
# more than these seconds' work, whatever the machine
long='timeout 3 ./rowcount --random 100000000000x5 -w 1'
$long --progress always >/dev/null 2>"$folder/lines" &
$long --progress always -q >/dev/null 2>"$folder/quiet" &
if script -qec true /dev/null >/dev/null 2>&1; then
    script -qec "$long" "$folder/terminal" >/dev/null 2>&1 </dev/null
fi
wait
rate='[0-9.]+ [kMG]? *values/s'
check "a batch log gets a line now and then" \
    grep -Eq "^rowcount: [0-9]+ %, .* left, $rate$" "$folder/lines"
check "--quiet shows nothing" test ! -s "$folder/quiet"
if [ -e "$folder/terminal" ]; then
    check "a terminal gets a bar" grep -Eq "rowcount +[0-9]+ % .* left, $rate" "$folder/terminal"
else
    skip "a terminal gets a bar" "no script of util-linux"
fi

done_testing
