# The table of CPython's tests and ours is true, and the README says how many there are.
. "$srcdir/tests/tap.sh"
table=$srcdir/tests/conformance.tsv
lines() {
    grep -v '^#' "$table"
}

# Five columns; no line twice; each case stands in its program; a reason where there is none.
line_is_true() {
    printf '%s\n' "$1" | awk -F '\t' 'NF != 5 || $1 == "" || $2 == "" { exit 1 }' || return 1
    program=$(printf '%s\n' "$1" | cut -f 3)
    case=$(printf '%s\n' "$1" | cut -f 4)
    if [ "$program" = - ]; then
        [ "$case" = - ] && [ -n "$(printf '%s\n' "$1" | cut -f 5)" ]
    else
        grep -qF "{\"$case\"," "$srcdir/tests/$program.c"
    fi
}

all_true() {
    status=0
    while IFS= read -r line; do
        line_is_true "$line" || { echo "not true: $line"; status=1; }
    done <<END
$(lines)
END
    return $status
}

no_line_twice() {
    [ -z "$(lines | cut -f 1,2 | sort | uniq -d)" ]
}

total=$(lines | wc -l)
kept=$(lines | awk -F '\t' '$3 != "-"' | wc -l)
echo "# $kept of $total"
check "each line of the table is true" all_true
check "no line is there twice" no_line_twice
check "the README has the numbers" grep -q "$kept of the $total" "$srcdir/README.md"
done_testing
