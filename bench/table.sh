# What the scripts that print rows of the README's table share.

row() {
    printf '| %s | %s | %s | %s | %s |\n' "$@"
}

# pair RUNS A B sets $a, $b (ms) and $ratio = B/A
pair() {
    # shellcheck disable=SC2046 # three numbers
    set -- $(bench/pairs "$@")
    # shellcheck disable=SC2034 # for the caller
    a=$1 b=$2 ratio=$3
    [ $# -eq 3 ]
}

calc() {
    awk "BEGIN { printf \"%.3g\", $1 }"
}

# ---- Medians of what commands print --------------------------------------------------------

median() {
    sort -g | awk '{ n[NR] = $1 } END { print (n[int((NR + 1) / 2)] + n[int(NR / 2) + 1]) / 2 }'
}

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# in_turn ROUNDS A B sets $a and $b to the medians of what the commands print; there may be no B.
in_turn() {
    all_a='' all_b=''
    for round in $(seq "$1"); do
        all_a="$all_a $(sh -c "$2")" || fail "\"$2\" failed"
        [ -z "$3" ] || all_b="$all_b $(sh -c "$3")" || fail "\"$3\" failed"
    done
    a=$(printf '%s\n' $all_a | median) b=''
    [ -z "$3" ] || b=$(printf '%s\n' $all_b | median)
}

# in_unit UNIT NUMBER
in_unit() {
    case $1 in
    ns) scale=1e9 ;;
    µs) scale=1e6 ;;
    ms) scale=1e3 ;;
    MB) scale=1e-6 ;;
    GB/s) scale=1e-9 ;;
    *) scale=1 ;;
    esac
    echo "$(calc "$2 * $scale") $1"
}

# ---- Peers: each prints its command, or says on stderr that it is left out -----------------

# python_with MODULE NAME. Not what `python3` is in the PATH: that may be a script that looks for a
# Python, and takes longer to do so than NumPy to start.
python_with() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1, sys; print(sys.executable)" 2>/dev/null && return
    done
    echo "${0##*/}: no $2, left out" >&2
}

program() {
    command -v "$1" && return
    echo "${0##*/}: no $1, left out" >&2
}

# What runs a script of bench/peers. Not what `python3` is in the PATH: that may be a script that
# looks for a Python.
python_peer() {
    python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) ||
        echo "${0##*/}: no python3, left out" >&2
    [ -z "$python" ] || echo "'$python' '$(dirname "$0")/peers/$1'"
}
