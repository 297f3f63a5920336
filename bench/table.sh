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
