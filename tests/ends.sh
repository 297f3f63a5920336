# How a program with busy workers ends: by Ctrl-C, by SIGKILL, with a pool forgotten. No worker is
# left after a second.
. "$srcdir/tests/tap.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Waits until the program has printed its process id and its workers', and prints them.
processes() {
    for _ in $(seq 500); do
        [ "$(tr -d '\r' <"$folder/out" | grep -c '^[1-9][0-9]*$')" -ge 4 ] && break
        sleep 0.01
    done
    tr -d '\r' <"$folder/out" | grep '^[1-9][0-9]*$'
}

# None of the processes runs, now or within the second.
all_gone() {
    for _ in $(seq 100); do
        left=$(for pid in "$@"; do
            grep -l '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status" 2>/dev/null
        done)
        [ -z "$left" ] && return 0
        sleep 0.01
    done
    echo "still there: $left"
    return 1
}

# ends_by SIGNAL STATUS: sent to the program alone
ends_by() {
    # SIGINT is ignored in what a shell starts in the background
    limit 20 env --default-signal=INT ./tests/sleeper >"$folder/out" &
    starter=$!
    pids=$(processes)
    kill "-$1" "$(echo "$pids" | head -1)"
    wait "$starter"
    status=$?
    echo "status $status of" $pids
    # shellcheck disable=SC2086
    [ "$status" -eq "$2" ] && [ "$(echo "$pids" | wc -l)" -eq 4 ] && all_gone $pids
}
check "SIGINT ends program and workers" ends_by INT 130
check "SIGTERM too" ends_by TERM 143
check "SIGKILL of the controller too" ends_by KILL 137

# The keys go to a terminal of its own; its status is the program's.
ctrl_c() {
    : >"$folder/out"
    (
        processes >"$folder/pids"
        printf '\003'
        sleep 1
    ) | SHELL=/bin/sh limit 20 script -qec ./tests/sleeper /dev/null >"$folder/out"
    status=$?
    echo "status $status of" $(cat "$folder/pids")
    # shellcheck disable=SC2046
    [ "$status" -eq 130 ] && [ "$(wc -l <"$folder/pids")" -eq 4 ] && all_gone $(cat "$folder/pids")
}
if command -v script >/dev/null; then
    check "Ctrl-C on a terminal ends program and workers, status 130" ctrl_c
else
    skip "Ctrl-C on a terminal" "there is no program 'script'"
fi

# forgets HOW STATUS
forgets() {
    limit 20 ./tests/sleeper "$1" >"$folder/out" 2>"$folder/err"
    status=$?
    # shellcheck disable=SC2046
    [ "$status" -eq "$2" ] && [ ! -s "$folder/err" ] && all_gone $(processes)
}
check "a program that forgets a pool and a daemon ends with its own status" forgets forget 7
check "and with exit()" forgets exit 8

# waits COMMAND...: for the process and the callbacks that it leaves
waits() {
    limit 20 "$@" leave >"$folder/out" && cat "$folder/out" && grep -q "has worked" "$folder/out" &&
        limit 20 "$@" callbacks >"$folder/out" && cat "$folder/out" &&
        [ "$(grep -c "called back" "$folder/out")" -eq 8 ]
}
check "a program waits for its processes and callbacks" waits ./tests/sleeper
if [ "$MPIEXEC" = no ]; then
    skip "under a launcher too" "this build has no MPI"
else
    check "under a launcher too" waits "$MPIEXEC" -n 2 ./tests/sleeper
fi

done_testing
