# What linters say of the scripts and the man pages, and that --help and the man page agree.
. "$srcdir/tests/tap.sh"

# lint TOOL FILE...: checks each file with the tool and its options, or skips it
lint() {
    tool=$1
    shift
    for file; do
        if command -v "${tool%% *}" >/dev/null; then
            # shellcheck disable=SC2086
            check "$tool $file" limit 30 $tool "$srcdir/$file"
        else
            skip "$tool $file" "there is no ${tool%% *}"
        fi
    done
}

lint 'mandoc -T lint -W warning' man/pi.1 man/trireme.7
lint 'shellcheck' setup .ci/run

# -s and --steps: what begins a line of --help, and what .Fl introduces in the man page.
same_options() {
    limit 10 "./$1" --help | grep '^  *-' | grep -oE '^ *(-[a-zA-Z],)? *--[a-z-]+' | tr -s ' ,' '\n' |
        grep . | sort >lint.help.tmp
    grep '^\.It Fl' "$srcdir/man/$1.1" | grep -oE 'Fl -?[a-zA-Z-]+' | sed 's/Fl /-/' | sort >lint.man.tmp
    test -s lint.help.tmp && diff lint.help.tmp lint.man.tmp
    status=$?
    rm -f lint.help.tmp lint.man.tmp
    return $status
}
check "pi --help and pi.1 list the same options" same_options pi

done_testing
