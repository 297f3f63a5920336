#!/bin/sh
# Prints rows for the table of bench/run.sh: what pools, futures and processes cost, against Python's
# multiprocessing and concurrent.futures, and against the loop of a compiler's own threads (OpenMP).
#
# Run it in the build folder, where bench/pool and bench/openmp are; it takes three minutes. The
# figures are those of bench/pool.c; the arguments choose some of them, and -n how often each is
# taken, in turn with its peer (5 times).
LC_ALL=C
export LC_ALL
. "$(dirname "$0")/table.sh"
rounds=5
[ "$1" != -n ] || { rounds=$2; shift 2; }
chosen=$*

python=$(python_peer multiprocessing_pool.py)
openmp=bench/openmp

# ---- Rows ----------------------------------------------------------------------------------

# figure FIGURE UNIT WHAT GOAL PEER-NAME PEER-COMMAND [ROUNDS]
figure() {
    case " ${chosen:-$1} " in
    *" ${1%% *} "*) ;;
    *) return ;;
    esac
    in_turn "${7:-$rounds}" "bench/pool $1" "$6"
    if [ -n "$6" ]; then
        row "$3" "$(in_unit "$2" "$a")" "$5, $(in_unit "$2" "$b")" "$(calc "$b / $a")×" "$4"
    else
        row "$3" "$(in_unit "$2" "$a")" "" "" "$4"
    fi
}

# with_python FIGURE UNIT WHAT GOAL PEER-NAME [ROUNDS]
with_python() {
    figure "$1" "$2" "$3" "$4" "$5" "${python:+$python $1}" "$6"
}

# memory FIGURE WHAT LIMIT-IN-BYTES LIMIT-IN-WORDS: its ratio is to what it has to be
memory() {
    case " ${chosen:-$1} " in
    *" $1 "*) ;;
    *) return ;;
    esac
    in_turn 1 "bench/pool $1" ""
    row "$2" "$(in_unit MB "$a")" "$4, $(in_unit MB "$3")" "$(calc "$a / $3")× its size" "≤ 1×"
}

# As much as the goal says, where at least twice as much is free.
gigabytes=$(awk '/^MemAvailable:/ { half = int($2 / 2 / 1048576); print (half < 8 ? half : 8) }' /proc/meminfo)

with_python map_chunk_1 µs "map of 1e6 empty tasks, fork, 2 workers, chunk size 1: each" "≤ 0.2 µs" "\`Pool.map\`"
with_python map_auto ns "the same with automatic chunks" "≤ 10 ns" "\`Pool.map\`"
figure map_auto_shared ns "the same, arrays in shared memory" "" "" ""
figure map_threads_chunk_1 ns "map of 1e6 empty tasks, threads, 2 workers, chunk size 1: each" "" \
    "OpenMP, \`schedule(dynamic, 1)\`" "$openmp"
figure map_threads_auto ns "the same with automatic chunks" "" "" ""
with_python futures µs "1e5 futures submitted and collected, 2 workers: each" "≤ 1 µs" "\`ProcessPoolExecutor\`"
with_python apply_1_worker µs "apply, there and back, 1 worker" "≤ 5 µs" "\`Pool.apply\`"
with_python apply_2_workers µs "the same, 2 workers" "≤ 5 µs" "\`Pool.apply\`"
with_python pool_used_once ms "pool of 2 opened, used, closed and joined" "≤ 1.5 ms" "\`Pool\`"
with_python process ms "process started and joined" "≤ 0.5 ms" "\`Process\`"
[ "$gigabytes" -eq 0 ] ||
    with_python "process_of_large_program $gigabytes" ms "the same from a program of $gigabytes GB" \
        "≤ 0.5 ms" "\`Process\`" 3
with_python idle ms "idle pool of 2 for 5 s: CPU time, the measuring included" "0" "\`Pool\`" 3
memory memory "map of 1e7 tasks, chunk size 1: memory beyond the caller's arrays" 170e6 \
    "copies of arguments and results, 1 byte a chunk"
memory memory_shared "the same, arrays in shared memory" 10e6 "1 byte a chunk"
