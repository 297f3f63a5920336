# What linters say of the scripts and the man pages, and that --help and the man page agree.
. "$srcdir/tests/tap.sh"

for page in man/pi.1 man/rowcount.1 man/thumbs.1 man/trireme.7; do
    if command -v mandoc >/dev/null; then
        check "mandoc $page" limit 30 mandoc -T lint -W warning "$srcdir/$page"
    else
        skip "mandoc $page" "there is no mandoc"
    fi
done

# lint STRICTNESS FILE...: each with the shell that its first line names, sh if there is none
lint() {
    strictness=$1
    shift
    for file; do
        [ -f "$file" ] || continue
        name=${file#"$srcdir"/} shell='sh'
        head -n 1 "$file" | grep -q '^#!.*bash' && shell=bash
        check "$shell -n $name" $shell -n "$file"
        if command -v shellcheck >/dev/null; then
            check "shellcheck $name" limit 30 shellcheck $strictness -s $shell "$file"
        else
            skip "shellcheck $name" "there is no shellcheck"
        fi
    done
}

lint '' "$srcdir"/jobs/* "$srcdir/setup" "$srcdir/.ci/run"
# Not: counters that nothing reads, words split on purpose, variables that come from elsewhere.
lint '-S warning -e SC2034,SC2046,SC2154' "$srcdir"/tests/*.sh "$srcdir"/tests/*/*.sh \
    "$srcdir"/bench/*.sh

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
for program in pi rowcount thumbs; do
    [ -x ./$program ] || continue # thumbs needs libvips
    check "$program --help and $program.1 list the same options" same_options $program
done

done_testing
