# The program pi, from the outside.
. "$srcdir/tests/tap.sh"

# ---- What it prints ------------------------------------------------------------------------

prints_text() {
    limit 10 ./pi -s 1000 -w 2 | tr '\n' '|' | grep -Ex \
        'pi +3\.141592736[0-9]*\|error +8\.3e-08 against M_PI\|steps +1000, midpoint\|backend +fork, 2 workers on 1 host\|time +[0-9.e-]+ s, [0-9.e+]+ steps per second\|'
}
check "prints value, error, steps, backend and time" prints_text

prints_json() {
    limit 10 ./pi -s 1k -m montecarlo --seed 7 -b threads -w 3 --json | grep -Ex \
        '\{"program": "pi", "method": "montecarlo", "value": 3\.[0-9]+, "value_hex": "0x1\.[0-9a-f]+p\+1", "error": -?[0-9.e-]+, "steps": 1000, "backend": "threads", "workers": 3, "hosts": 1, "seconds": [0-9.e-]+, "steps_per_second": [0-9.e+]+\}'
}
check "--json prints one object with all keys" prints_json

one_ulp() {
    case $(limit 10 ./pi --json | json value_hex) in
    0x1.921fb54442d17p+1 | 0x1.921fb54442d18p+1 | 0x1.921fb54442d19p+1) ;;
    *) return 1 ;;
    esac
}
check "1e8 steps come within one unit in the last place of pi" one_ulp

help_names_all() {
    limit 10 ./pi --help >pi_help.tmp
    for option in --steps --method --seed --backend --workers --json --quiet --progress --help --version; do
        grep -q -e "$option" pi_help.tmp || { echo "no $option"; return 1; }
    done
    rm pi_help.tmp
}
check "--help names all options" help_names_all
check "--version" limit 10 sh -c './pi --version | grep -Ex "pi \(Trireme\) [0-9.]+"'

# ---- The same bits -------------------------------------------------------------------------

midpoint='-s 12345678' montecarlo='-s 20M -m montecarlo --seed 5'
hex() {
    limit 60 "$@" --json | json value_hex
}
same_as() {
    expected=$1
    shift
    got=$(hex "$@")
    [ -n "$got" ] && [ "$got" = "$expected" ] || { echo "got '$got', not '$expected'"; return 1; }
}

for problem in "$midpoint" "$montecarlo"; do
    serial=$(hex ./pi $problem -b serial)
    for backend in threads fork; do
        for workers in 1 2 3 4 5 6 7 8 9; do
            check "$problem: $backend, $workers workers: the bits of serial" \
                same_as "$serial" ./pi $problem -b $backend -w $workers
        done
    done
    for ranks in 1 2 3 4 5 6 7 8 9; do
        if [ "$MPIEXEC" = no ]; then
            skip "$problem: mpi, $ranks ranks: the bits of serial" "this build has no MPI"
        else
            check "$problem: mpi, $ranks ranks: the bits of serial" \
                same_as "$serial" "$MPIEXEC" -n $ranks ./pi $problem
        fi
    done
done
if [ "$MPIEXEC" = no ]; then
    skip "a launcher of one rank" "this build has no MPI"
    skip "-b mpi without a launcher" "this build has no MPI"
else
    check "a launcher of one rank" same_as "$serial" "$MPIEXEC" -n 1 ./pi $montecarlo
    check "-b mpi without a launcher" same_as "$serial" ./pi $montecarlo -b mpi
fi

for level in portable avx2 avx512; do
    name="SIMD level $level: the bits of the others"
    if TRIREME_SIMD=$level limit 10 ./pi -s 1 2>/dev/null >&2; then
        check "$name" same_as "$(hex ./pi $midpoint)" env TRIREME_SIMD=$level ./pi $midpoint
    else
        skip "$name" "this CPU does not have it"
    fi
done

other_seed() {
    [ "$(hex ./pi $montecarlo)" != "$(hex ./pi -s 20M -m montecarlo --seed 6)" ]
}
check "another seed gives other bits" other_seed

# ---- Bad input -----------------------------------------------------------------------------

# fails STATUS WORDS COMMAND...: that status, nothing on stdout, one line that begins with "pi: "
# and has the words.
fails() {
    status=$1 words=$2
    shift 2
    limit 10 "$@" >pi_out.tmp 2>pi_err.tmp
    got=$?
    out=$(cat pi_out.tmp) err=$(cat pi_err.tmp)
    rm -f pi_out.tmp pi_err.tmp
    echo "status $got, stdout '$out', stderr '$err'"
    [ $got -eq "$status" ] && [ -z "$out" ] && [ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] || return 1
    case $err in "pi: "*"$words"*) ;; *) return 1 ;; esac
}
for steps in 0 -5 1.5 abc 1e400 1e16 '' 1e 1e-1 0x10 1e3x ' 5' 9007199254740993 99999999999999999999; do
    check "-s '$steps' is refused" fails 2 "--steps '$steps' is not a whole number from 1 to 9007199254740992" ./pi -s "$steps"
done
for workers in 0 -1 65537 two 1e9; do
    check "-w '$workers' is refused" fails 2 "--workers '$workers' is not a whole number from 1 to 65536" ./pi -w "$workers"
done
check "an unknown backend" fails 2 "unknown backend 'gpu': use serial, threads, fork or mpi" ./pi -b gpu
check "an unknown method" fails 2 "unknown method 'simpson': use midpoint or montecarlo" ./pi -m simpson
check "a stray argument" fails 2 "unexpected argument 'stray'" ./pi stray
check "an unknown option" fails 2 "unknown option '-x'" ./pi -x
check "an unknown long option" fails 2 "'--stepz'" ./pi --stepz 3
check "an option without its value" fails 2 "option '-s' needs a value" ./pi -s
check "an option with a value it does not take" fails 2 "'--json=yes'" ./pi --json=yes
check "--progress sometimes" fails 2 "--progress 'sometimes' is not auto, always or never" ./pi --progress sometimes
check "serial with two workers" fails 2 "the serial backend has 1 worker, not 2" ./pi -b serial -w 2
check "TRIREME_BACKEND" fails 2 "TRIREME_BACKEND: unknown backend 'x'" env TRIREME_BACKEND=x ./pi
check "TRIREME_WORKERS" fails 2 "TRIREME_WORKERS: '0' is not a number from 1 to 65536" env TRIREME_WORKERS=0 ./pi
check "TRIREME_SIMD" fails 2 "TRIREME_SIMD" env TRIREME_SIMD=mmx ./pi
for steps in 9007199254740992 9.007199254740992e15 12M 1.5e3 3T 2k 000100; do
    check "-s $steps is read" limit 10 sh -c './pi -w 65536 --progress never -V -s "$1"' sh "$steps"
done
check "the largest seed" limit 10 ./pi -s 1 -m montecarlo --seed 18446744073709551615
check "a seed too large" fails 2 "--seed '18446744073709551616' is not" ./pi --seed 18446744073709551616
check "1.5e3 steps are 1500" limit 10 sh -c './pi -s 1.5e3 | grep -q "^steps  *1500,"'

if [ "$MPIEXEC" = no ]; then
    skip "mpirun and another number of workers" "this build has no MPI"
else
    other_number() {
        limit 20 "$MPIEXEC" -n 2 ./pi -w 3 >pi_out.tmp 2>&1
        got=$?
        grep '^pi: ' pi_out.tmp
        [ $got -eq 2 ] && [ "$(grep -c '^pi: ' pi_out.tmp)" -eq 1 ] &&
            grep -q '3 workers, but there are 2 MPI ranks' pi_out.tmp
        status=$?
        rm pi_out.tmp
        return $status
    }
    check "mpirun and another number of workers" other_number
fi

# ---- What else can go wrong ----------------------------------------------------------------

check "a full disk" sh -c 'timeout 10 ./pi 2>pi_err.tmp >/dev/full; s=$?; cat pi_err.tmp; grep -q "^pi: cannot write to standard output: No space left on device" pi_err.tmp && rm pi_err.tmp && [ $s -eq 1 ]'
check "a closed stdout" sh -c 'timeout 10 ./pi 2>pi_err.tmp >&-; s=$?; cat pi_err.tmp; grep -q "^pi: cannot write to standard output" pi_err.tmp && rm pi_err.tmp && [ $s -eq 1 ]'
check "all standard descriptors closed" sh -c 'timeout 10 ./pi <&- >&- 2>&-; [ $? -eq 1 ]'

check "a parent that ignores the ends of children" limit 10 sh -c 'trap "" CHLD; exec ./pi'

# Which call meets the limit depends on what this script was started with.
few_descriptors() {
    fails 1 "Too many open files" env ASAN_OPTIONS=detect_leaks=0 prlimit --nofile=5 ./pi -w 2
}
if command -v prlimit >/dev/null; then
    check "a limit on open files" few_descriptors
else
    skip "a limit on open files" "no prlimit"
fi

# As nobody, who may have no more than a few processes.
too_many_processes() {
    limit 20 setpriv --reuid 65534 --clear-groups prlimit --nproc=3 env ASAN_OPTIONS=detect_leaks=0 ./pi -w 50 >pi_out.tmp 2>&1
    got=$?
    cat pi_out.tmp
    [ $got -eq 1 ] && [ "$(wc -l <pi_out.tmp)" -eq 1 ] && grep -q '^pi: rank .* cannot be started: Resource temporarily unavailable' pi_out.tmp
    status=$?
    rm pi_out.tmp
    return $status
}
name="a worker that cannot be started"
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null || ! command -v prlimit >/dev/null; then
    skip "$name" "only root can lower the limit for another user (setpriv, prlimit)"
elif ! limit 10 setpriv --reuid 65534 --clear-groups ./pi -s 1 >/dev/null 2>&1; then
    skip "$name" "the build folder is not open to other users"
else
    check "$name" too_many_processes
fi

# The processes of a run are known by the steps on their command line.
steps=90071992547$$
running() {
    pgrep -cf -- "-s $steps"
}

# becomes N: that many run, after two seconds at most.
becomes() {
    for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ "$(running)" -eq "$1" ] && return 0
        sleep 0.1
    done
    echo "$(running) processes, not $1"
    return 1
}

# The program, its fork server and three workers; then none, and it died of that signal.
ends_by() {
    ./pi -s "$steps" -w 3 -q >/dev/null 2>&1 &
    pid=$!
    becomes 5 || return 1
    kill -s "$1" $pid
    wait $pid
    got=$?
    echo "status $got"
    becomes 0 && [ $got -eq $((128 + $2)) ]
}

# ends_by_interrupt STATUSES COMMAND...: timeout sends the signal to the whole process group, as a
# terminal does.
ends_by_interrupt() {
    statuses=$1
    shift
    timeout --preserve-status -k 5 -s INT 1 "$@"
    got=$?
    echo "status $got"
    becomes 0 && echo $got | grep -Eqx "$statuses"
}

if ! command -v pgrep >/dev/null; then
    skip "signals end all processes" "no pgrep"
else
    check "SIGTERM ends all processes" ends_by TERM 15
    check "SIGKILL ends all processes" ends_by KILL 9
    check "Ctrl-C ends all processes" ends_by_interrupt 130 ./pi -s "$steps" -w 3 -q
    if [ "$MPIEXEC" = no ]; then
        skip "Ctrl-C ends all ranks" "this build has no MPI"
    else
        # Which status is the launcher's choice: MPICH's is all its ranks' signals in one number.
        check "Ctrl-C ends all ranks" ends_by_interrupt '[1-9][0-9]*' "$MPIEXEC" -n 3 ./pi -s "$steps" -q
    fi
fi

# ---- Progress ------------------------------------------------------------------------------

check "a batch log gets a line now and then" sh -c 'timeout 60 ./pi -s 5e10 -w 1 --progress always 2>&1 >/dev/null | grep -Eq "^pi: [0-9]+ %, .* left$"'
check "nothing is shown for a short run" sh -c '[ -z "$(timeout 10 ./pi 2>&1 >/dev/null)" ]'
check "--quiet shows nothing" sh -c '[ -z "$(timeout 60 ./pi -s 5e10 -w 1 -q --progress always 2>&1 >/dev/null)" ]'

done_testing
