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
