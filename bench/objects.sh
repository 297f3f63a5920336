#!/bin/sh
# Prints rows for the table of bench/run.sh: what locks, queues and events cost, against Python's
# multiprocessing and against what the C library and the kernel have to offer.
#
# Run it in the build folder, where bench/objects is; it takes two minutes. The figures are those of
# bench/objects.c; the arguments choose some of them, and -n how often each is taken, in turn with
# its peer (5 times).
LC_ALL=C
export LC_ALL
. "$(dirname "$0")/table.sh"
rounds=5
[ "$1" != -n ] || { rounds=$2; shift 2; }
chosen=$*
python=$(python_peer multiprocessing_objects.py)

# wanted FIGURE
wanted() {
    case " ${chosen:-$1} " in
    *" $1 "*) ;;
    *) return 1 ;;
    esac
}

# to_raw FIGURE UNIT WHAT GOAL PEER-FIGURE PEER-NAME [rate]: the ratio is that of the times, or with
# "rate" that of the rates
to_raw() {
    wanted "$1" || return 0
    in_turn "$rounds" "bench/objects $1" "bench/objects $5"
    ratio="$(calc "$a / $b")×"
    [ -n "$7" ] || ratio="$ratio its time"
    row "$3" "$(in_unit "$2" "$a")" "$6, $(in_unit "$2" "$b")" "$ratio" "$4"
}

# to_python FIGURE UNIT WHAT GOAL PEER-NAME [PEER-FIGURE] [rate]
to_python() {
    wanted "$1" || return 0
    [ -n "$python" ] || [ "$3" != "the same" ] || return 0
    in_turn "$rounds" "bench/objects $1" "${python:+$python ${6:-$1}}"
    [ -n "$python" ] || { row "$3" "$(in_unit "$2" "$a")" "" "" "$4"; return; }
    ratio="$b / $a"
    [ -z "$7" ] || ratio="$a / $b"
    row "$3" "$(in_unit "$2" "$a")" "$5, $(in_unit "$2" "$b")" "$(calc "$ratio")×" "$4"
}

mutex='robust process-shared pthread mutex'

to_raw lock ns "lock acquired and released" "≤ 3×" mutex "$mutex"
to_python lock ns "the same" "" "\`Lock\`"
to_raw lock_contended ns "the same by two processes at once: each" "≤ 3×" mutex_contended "$mutex"
to_python lock_contended ns "the same" "" "\`Lock\`"
to_python bank ms "the bank: 2 processes started, 1e4 changes under a lock by each, joined" "≤ 2 ms" \
    "\`Process\`, \`Lock\`, \`Value\`"
to_python queue µs "8-byte messages, one process to another, queue: each" "≤ 0.15 µs" "\`Queue\`"
to_python queue µs "the same" "" "\`SimpleQueue\`" simple_queue
to_raw queue µs "the same" "" kernel_pipe "write to and read from a pipe"
to_python queue_4 µs "the same, four processes to four" "≤ 0.3 µs" "\`Queue\`"
to_python queue_4 µs "the same" "" "\`SimpleQueue\`" simple_queue_4
to_raw queue_4 µs "the same" "" kernel_pipe_4 "write to and read from a pipe"
to_raw large GB/s "1 MiB messages, one process to another, queue" "≥ 0.5×" copy "\`memcpy\`" rate
to_python large GB/s "the same" "" "\`SimpleQueue\`" large rate
to_raw event µs "event set until who sleeps for it runs" "≤ 1.2×" futex "futex"
to_python event µs "the same" "" "\`Event\`"
