# The examples give the tutorials' answers on every backend, and the README shows them as they are.
. "$srcdir/tests/tap.sh"

says() {
    says_through cat "$@"
}

# says_through FILTER ANSWER COMMAND...: what of its output goes through the filter
says_through() {
    filter=$1 expected=$2
    shift 2
    output=$(limit 30 "$@") || { echo "status $?, having said '$output'"; return 1; }
    got=$(printf '%s\n' "$output" | $filter)
    [ "$got" = "$expected" ] || { echo "got '$got', not '$expected'"; return 1; }
}

# everywhere EXAMPLE ANSWER: on every backend; in the answer N stands for the number of workers
everywhere() {
    for backend in serial threads fork; do
        for workers in 1 3; do
            [ $backend = serial ] && [ $workers -gt 1 ] && continue
            check "$1 on $backend, $workers workers" says "$(echo "$2" | sed "s/N/$workers/")" \
                env TRIREME_BACKEND=$backend TRIREME_WORKERS=$workers "src/examples/$1"
        done
    done
    if [ "$MPIEXEC" = no ]; then
        skip "$1 on mpi" "this build has no MPI"
    else
        check "$1 on mpi" says "$(echo "$2" | sed "s/N/4/")" "$MPIEXEC" -n 4 "src/examples/$1"
    fi
}

# on 'BACKEND...' WHAT FILTER ANSWER EXAMPLE ARGUMENT...: three workers where none are asked for
on() {
    on_backends=$1 what=$2 filter=$3 answer=$4 example=$5
    shift 5
    for backend in $on_backends; do
        workers=3
        [ $backend = serial ] && workers=1
        check "$example on $backend: $what" says_through "$filter" "$answer" \
            env TRIREME_BACKEND=$backend TRIREME_WORKERS=$workers "src/examples/$example" "$@"
    done
}

# refused EXAMPLE ARGUMENT...: a pool of several workers is nothing for the serial backend
refused() {
    example=$1
    shift
    words=$(TRIREME_BACKEND=serial limit 30 "src/examples/$example" "$@" 2>&1 >/dev/null)
    [ $? -eq 1 ] && echo "$words" | grep 'the serial backend has 1 worker, not [24]$'
}

all='serial threads fork'

everywhere 01_pi "3.141592653589794 on N workers"
everywhere 02_howmany_within_range "0: 6346
1: 31312
2: 62388
3: 62266
4: 31330
5: 6358"

powers='0
1
32
243
1024
3125
7776
16807
32768
59049
100000
161051'
on "$all" "powers" cat "$powers" 03_pool

# ---- 04_pool_of_four -----------------------------------------------------------------------

last_line() {
    tail -n 1
}

who_did_what() {
    sed -n 's/^work_func: \([0-9]*\) PID [0-9]*$/\1/p' | sort -n | tr '\n' ' '
}

# own_process COUNT BACKEND: so many of the twelve tasks have run in the program's process
own_process() {
    output=$(TRIREME_BACKEND=$2 limit 30 sh -c 'echo $$; exec src/examples/04_pool_of_four 0.01')
    own=$(echo "$output" | sed 1q)
    [ "$(echo "$output" | grep -c " PID $own\$")" -eq "$1" ]
}

on 'threads fork' "powers" last_line "[$(echo "$powers" | paste -sd, | sed 's/,/, /g')]" \
    04_pool_of_four 0.01
on 'threads fork' "each number once" who_did_what "0 1 2 3 4 5 6 7 8 9 10 11 " 04_pool_of_four 0.01
check "04_pool_of_four on threads: in the program's process" own_process 12 threads
check "04_pool_of_four on fork: not in the program's process" own_process 0 fork
check "04_pool_of_four on serial is refused" refused 04_pool_of_four 0

# ---- 05_squares_and_cubes ------------------------------------------------------------------

squares() {
    sed -n 's/^square //p' | tr '\n' ' '
}

cubes() {
    sed -n 's/^cube //p' | tr '\n' ' '
}

# times without their numbers
labels() {
    sed -n 's/ took: [0-9]*\.[0-9]*$/ took/p'
}

two_times="Serial processing took
Multiprocessing took"
on "$all" "squares" squares "4 9 64 36 49 64 4 9 64 36 49 64 " 05_squares_and_cubes 0.01
on "$all" "cubes" cubes "8 27 512 216 343 512 8 27 512 216 343 512 " 05_squares_and_cubes 0.01
on "$all" "squares of four" squares "4 9 64 81 4 9 64 81 " 05_squares_and_cubes 0.01 2 3 8 9
on "$all" "cubes of four" cubes "8 27 512 729 8 27 512 729 " 05_squares_and_cubes 0.01 2 3 8 9
on "$all" "times" labels "$two_times" 05_squares_and_cubes 0.01

# ---- 06_sum_of_squares ---------------------------------------------------------------------

on "$all" "times" labels "Serial processing took
Pool took" 06_sum_of_squares
on "$all" "results" last_line "the same results, each 332833500" 06_sum_of_squares

# ---- 07_global -----------------------------------------------------------------------------

squares_of_six="square 4
square 9
square 64
square 36
square 49
square 64"
on fork "the program does not see the child's results" cat "$squares_of_six
result: []
$squares_of_six
results2: [4, 9, 64, 36, 49, 64]" 07_global
on 'serial threads' "the program sees them" cat "$squares_of_six
result: [4, 9, 64, 36, 49, 64]
$squares_of_six
results2: [4, 9, 64, 36, 49, 64, 4, 9, 64, 36, 49, 64]" 07_global

# ---- 08_four_processes ---------------------------------------------------------------------

first() {
    grep '^Process 1'
}

second() {
    grep '^Process 2'
}

third_and_fourth() {
    grep '^Process [34]'
}

on "$all" "the first" first "Process 1: 0
Process 1: 1
Process 1: 2
Process 1: 3" 08_four_processes 0.01
on "$all" "the second" second "Process 2: 0
Process 2: 1
Process 2: 2" 08_four_processes 0.01
on "$all" "the fourth follows the third" third_and_fourth "Process 3: 0
Process 3: 1
Process 3: 2
Process 3: 3
Process 4: 0
Process 4: 1
Process 4: 2
Process 4: 3
Process 4: 4" 08_four_processes 0.01

# ---- 09_map_async --------------------------------------------------------------------------

maps() {
    grep -v '^apply_async:'
}

futures() {
    sed -n 's/^apply_async: //p' | tr ' ' '\n' | sort | tr '\n' ' '
}

on "$all" "results in order" maps "map: 5 4 3 2 1 0
the program goes on
map_async: 5 4 3 2 1 0" 09_map_async 0.03
on "$all" "each future once" futures "0 1 2 3 4 5 " 09_map_async 0.03
on serial "futures in order" last_line "apply_async: 5 4 3 2 1 0" 09_map_async 0

# ---- 10_parity -----------------------------------------------------------------------------

counted() {
    sed 's/^That took .*/That took/' | sort | uniq -c | sed 's/^ *//'
}

on "$all" "each number by a process and by the pool" counted \
    "2 0 squared results in a/an zero number
2 1 squared results in a/an odd number
2 2 squared results in a/an even number
2 3 squared results in a/an odd number
2 4 squared results in a/an even number
2 5 squared results in a/an odd number
2 6 squared results in a/an even number
2 7 squared results in a/an odd number
2 8 squared results in a/an even number
2 9 squared results in a/an odd number
2 That took" 10_parity 0.01

# ---- 11_exit_flag --------------------------------------------------------------------------

thread_1() {
    sed -n '/Thread-1/s/^\(Thread-.\): .*/\1/p; /ing Thread-1/p'
}

thread_2() {
    sed -n '/Thread-2/s/^\(Thread-.\): .*/\1/p; /ing Thread-2/p'
}

# all but the order
main_thread() {
    grep -v 'Thread-'
}

five_times() {
    printf 'Starting %s\n%s\n%s\n%s\n%s\n%s\nExiting %s' "$1" "$1" "$1" "$1" "$1" "$1" "$1"
}

stops_early() {
    output=$(limit 30 src/examples/11_exit_flag 0.1 stop) || return 1
    echo "$output"
    [ "$(echo "$output" | thread_1)" = "$(five_times Thread-1)" ] &&
        [ "$(echo "$output" | thread_2 | sed -n '1p; $p')" = "Starting Thread-2
Exiting Thread-2" ] && [ "$(echo "$output" | grep -c '^Thread-2')" -lt 5 ]
}

on threads "the first thread" thread_1 "$(five_times Thread-1)" 11_exit_flag 0.01
on threads "the second thread" thread_2 "$(five_times Thread-2)" 11_exit_flag 0.01
on threads "the main thread" main_thread "Exiting Main Thread" 11_exit_flag 0.01
check "11_exit_flag: the flag ends the second thread" stops_early

# ---- 12_work_log ---------------------------------------------------------------------------

# by name, what each says in its order
by_name() {
    sort -s -k 2,2
}

on 'threads fork' "each waits and finishes" by_name " Process A waiting 5 seconds
 Process A Finished.
 Process B waiting 2 seconds
 Process B Finished.
 Process C waiting 1 seconds
 Process C Finished.
 Process D waiting 3 seconds
 Process D Finished." 12_work_log 0.01
check "12_work_log on serial is refused" refused 12_work_log 0

# ---- 13_io_and_cpu -------------------------------------------------------------------------

events() {
    sed -n 's/^[0-9]* \* .* ---> //p' | sort | uniq -c | sed 's/^ *//'
}

table() {
    sed -n '/^ *serial/,$p' | sed 's|  *[0-9]*\.[0-9]*| T|g'
}

# in the program, in a thread of it, in processes of their own: four of its pid, and two times two
pids() {
    sed -n 's/^\([0-9]*\) \* .* Start .*/\1/p' | sort | uniq -c | awk '{ print $1 }' | sort | tr '\n' ' '
}

# The two waits one after the other cannot be faster than that.
waits_add_up() {
    limit 30 src/examples/13_io_and_cpu 0.1 1 | awk '/^IO-bound/ { slept = $2 } END { exit !(slept >= 0.2) }'
}

check "13_io_and_cpu: what is done" says_through events "6 Finished counting...
6 Finished sleeping...
6 Start counting...
6 Start sleeping..." src/examples/13_io_and_cpu 0.01 1000
check "13_io_and_cpu: the table" says_through table "           serial   threads      fork
IO-bound T T T seconds
CPU-bound T T T seconds" src/examples/13_io_and_cpu 0.01 1000
check "13_io_and_cpu: where it is done" says_through pids "1 1 1 1 8 " src/examples/13_io_and_cpu 0.01 1000
check "13_io_and_cpu: waits one after the other add up" waits_add_up

# ---- 14_colors to 18_shared_value ------------------------------------------------------------

on "$all" "what went in comes out" cat "pushing items to queue:
item no:  1   red
item no:  2   green
item no:  3   blue
item no:  4   black

popping items from queue:
item no:  0   red
item no:  1   green
item no:  2   blue
item no:  3   black" 14_colors
on "$all" "even numbers" cat "0
2
4
6
8" 15_even_numbers

balances() {
    sed -n 's/^Final balance = -\{0,1\}[0-9][0-9]*$/balance/p' | uniq -c | sed 's/^ *//'
}

on "$all" "always 100" cat "$(yes 'Final balance = 100' | head -n 10)" 16_bank
on "$all" "ten balances without the lock" balances "10 balance" 16_bank --no-lock

on "$all" "sum of squares" cat 333833500 17_pipeline
on "$all" "the program sees the process's results" cat "$squares_of_six
result: [4, 9, 64, 36, 49, 64]
$squares_of_six
results2: [4, 9, 64, 36, 49, 64, 4, 9, 64, 36, 49, 64]" 18_shared_value

# ---- The README ----------------------------------------------------------------------------

# in_readme N: the N-th C program there
in_readme() {
    awk -v wanted="$1" '/^```$/ { inside = 0 }
        inside && number == wanted
        /^```c$/ { inside = 1; number++ }' "$srcdir/README.md"
}

is_example() {
    for example in "$srcdir"/src/examples/*.c; do
        [ "$(cat "$example")" = "$1" ] && return
    done
    echo "$1"
    return 1
}

programs=$(grep -c '^```c$' "$srcdir/README.md")
check "the README has a program" test "$programs" -gt 0
for number in $(seq "$programs"); do
    check "program $number in the README is an example" is_example "$(in_readme "$number")"
done

done_testing
