# TAP for the test scripts. They run in the build tree; $srcdir is the source tree.
#
#     . "$srcdir/tests/tap.sh"
#     check "what is true" limit 10 ./pi -q
#     skip "another thing" "the reason in one line"
#     done_testing

: "${srcdir:=.}"
. ./tests/environment.sh
tap_count=0 tap_failed=0

# limit SECONDS COMMAND...: 124 when it takes longer than that; a busy machine gets four times as long.
limit() {
    limit_seconds=$(($1 * 4))
    shift
    timeout -k 5 $limit_seconds "$@"
}

# The rest of the line is a command; its output is shown only when it fails.
check() {
    tap_name=$1
    shift
    tap_count=$((tap_count + 1))
    if tap_output=$("$@" 2>&1); then
        echo "ok $tap_count - $tap_name"
    else
        tap_status=$?
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $tap_name"
        printf 'exit status %s of: %s\n%s\n' "$tap_status" "$*" "$tap_output" | sed 's/^/# /'
    fi
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

done_testing() {
    echo "1..$tap_count"
    exit $((tap_failed > 0))
}

# The value of a key in one line of JSON as our programs print it.
json() {
    sed -n 's/.*"'"$1"'": "\{0,1\}\([^",}]*\).*/\1/p'
}
