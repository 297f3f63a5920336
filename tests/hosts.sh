# The programs on two hosts over TCP: the same bits, hosts that do not fit, a file that one of them
# does not have, and a rank that is killed.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/alone.sh"
. "$srcdir/tests/hosts/network.sh"

PATH=$PATH:/usr/sbin:/sbin
[ "$MPIEXEC" != no ] || skip_all "this build has no MPI"
case $("$MPIEXEC" --version 2>&1) in
*HYDRA*) skip_all "MPICH 4.0 often hangs in MPI_Finalize over TCP, whatever the program" ;;
esac
reason=$(alone_missing || hosts_missing) && skip_all "$reason"
alone

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
hosts_start "$folder" 2 || exit 1

on=$(cd "$srcdir" && pwd)/tests/hosts/on.sh
export TMPDIR="$folder" # where Open MPI puts its files

# on_both COMMAND: with two ranks on each host, started on h1
on_both() {
    limit 30 "$on" h1 "$MPIEXEC --mca plm_rsh_agent $on --host h1:2,h2:2 $1" \
        >"$folder/out" 2>"$folder/err"
    status=$?
    cat "$folder/out" "$folder/err"
    return $status
}

# ---- The same bits -----------------------------------------------------------------------------

same_bits() {
    on_both "./pi --json $1" || return 1
    [ "$(json value_hex <"$folder/out")" = "$(limit 60 ./pi --json $1 | json value_hex)" ] &&
        [ "$(json backend <"$folder/out")" = mpi ] && [ "$(json workers <"$folder/out")" = 4 ] &&
        [ "$(json hosts <"$folder/out")" = 2 ]
}
check "midpoint: 4 ranks on 2 hosts, the bits of one" same_bits "-s 1e8"
check "montecarlo: 4 ranks on 2 hosts, the bits of one" same_bits "-s 2e7 -m montecarlo"

# ---- Another build on one host -----------------------------------------------------------------

other_build() {
    "$on" h2 mount --bind tests/pi_other pi || return 1
    on_both "./pi --json"
    status=$?
    "$on" h2 umount pi
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        [ "$(grep -c '^pi: ' "$folder/err")" -eq 1 ] &&
        grep -q '^pi: rank 2 on h2 has another build of the program than rank 0 on h1' "$folder/err"
}
check "another build on h2: one line names the host" other_build

# ---- Each host reads the files -----------------------------------------------------------------

mkdir "$folder/tables" "$folder/nothing"
table=$folder/tables/table.csv
limit 30 ./rowcount -q --random 300000x5 --write "$table" >/dev/null

counts() {
    on_both "./rowcount --json --min 4 --max 8 -o $folder/both.npy $table" || return 1
    limit 30 ./rowcount --json --min 4 --max 8 -o "$folder/one.npy" "$table" >"$folder/one"
    [ "$(json in_range <"$folder/out")" = "$(json in_range <"$folder/one")" ] &&
        [ "$(json hosts <"$folder/out")" = 2 ] && cmp "$folder/both.npy" "$folder/one.npy"
}
check "rowcount: 4 ranks on 2 hosts, the counts of one" counts

no_file() {
    "$on" h2 mount --bind "$folder/nothing" "$folder/tables" || return 1
    on_both "./rowcount -o $folder/none.npy $table"
    status=$?
    "$on" h2 umount "$folder/tables"
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        [ "$(grep -c '^rowcount: ' "$folder/err")" -eq 1 ] && ! ls "$folder"/none.npy* &&
        grep -q "^rowcount: $table: No such file or directory on host h2" "$folder/err"
}
check "a file that h2 does not have: one line names the host" no_file

shorter_file() {
    head -c 100000 "$table" >"$folder/shorter.csv"
    "$on" h2 mount --bind "$folder/shorter.csv" "$table" || return 1
    on_both "./rowcount $table"
    status=$?
    "$on" h2 umount "$table"
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        [ "$(grep -c '^rowcount: ' "$folder/err")" -eq 1 ] &&
        grep -q "^rowcount: $table: byte [0-9]* is gone: .* on host h2" "$folder/err"
}
check "a file that is shorter on h2: one line names the host" shorter_file

# ---- A rank is killed --------------------------------------------------------------------------

# The ranks' processes on a host: their parents, whom the launcher started, are pi too.
ranks() {
    for pid in $(hosts_processes "$1"); do
        parent=$(cut -d ' ' -f 4 "/proc/$pid/stat")
        [ "$(cat "/proc/$pid/comm" "/proc/$parent/comm")" = "pi
pi" ] && echo "$pid"
    done 2>/dev/null
}

# await NUMBER COMMAND...: until it prints so many lines, for ten seconds at most
await() {
    number=$1
    shift
    for try in $(seq 100); do
        [ "$("$@" | wc -l)" -ne "$number" ] || return 0
        sleep 0.1
    done
    "$@"
    return 1
}

killed() {
    on_both "./pi -s 1e14" &
    await 2 ranks h2 || return 1
    sleep 1 # into the kernel
    victim=$(ranks h2 | head -n 1)
    kill -9 "$victim"
    wait $!
    status=$?
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        grep -Eq "^pi: rank [23] \(process $victim on h2\) was killed by signal 9" "$folder/err"
}
check "a rank killed on h2: the run ends and names rank, host and signal" killed
check "nothing is left on h1" await 0 hosts_processes h1
check "nothing is left on h2" await 0 hosts_processes h2

done_testing
