# What `make install` leaves: all files, a library that shows only its interface, and all that a
# program of somebody else needs.
. "$srcdir/tests/tap.sh"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
# The flags of the make that runs the tests are not for these.
unset MAKEFLAGS MFLAGS MAKELEVEL

check "make install" limit 60 make -s install DESTDIR="$stage"
[ $tap_failed -eq 0 ] || done_testing

# ---- Files ---------------------------------------------------------------------------------

pc=$(find "$stage" -name trireme.pc)
pkg() {
    PKG_CONFIG_PATH=${pc%/*} "$PKG_CONFIG" --define-prefix "$@" trireme
}
libraries=$(pkg --variable=libdir)
# Where the loader finds it before `ldconfig`.
LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

for file in include/trireme.h libtrireme.so libtrireme.a pkgconfig/trireme.pc bin/pi man1/pi.1 man7/trireme.7; do
    check "$file is installed" test -n "$(find "$stage" -path "*/$file")"
done

only_the_interface() {
    nm -D --defined-only "$libraries/libtrireme.so" | awk '$3 !~ /^tri_[a-z]/ { print; bad = 1 } END { exit bad || NR == 0 }'
}
check "the shared library shows nothing but tri_..." only_the_interface

# Each function of the header can be linked with.
all_of_the_interface() {
    nm -D --defined-only "$libraries/libtrireme.so" | awk '{ print $3 }' | sort >"$stage/shown"
    sed -n 's/^TRI_API .*[ *]\(tri_[a-z_0-9]*\)(.*/\1/p' "$srcdir/include/trireme.h" | sort >"$stage/declared"
    test -s "$stage/declared" && diff "$stage/declared" "$stage/shown"
}
check "and all that trireme.h declares" all_of_the_interface
loads_no_gsl() {
    readelf -d "$libraries/libtrireme.so" >"$stage/loads" && ! grep 'NEEDED.*gsl' "$stage/loads"
}
check "the shared library does not load GSL" loads_no_gsl
check "TRI_VERSION is configure's" grep -q "^#define TRI_VERSION \"$VERSION\"$" "$srcdir/include/trireme.h"
check "and so is trireme.pc's" test "$(pkg --modversion)" = "$VERSION"

check "the installed pi runs" limit 10 "$(find "$stage" -path '*/bin/pi')" -q

# ---- A program outside the tree ------------------------------------------------------------

mkdir "$stage/user"
cat >"$stage/user/squares.c" <<'END'
#include <stdio.h>
#include <trireme.h>

static int square_ranks(tri_team *team, const void *argument, void *result)
{
    int64_t square = (int64_t)tri_team_rank(team) * tri_team_rank(team);
    (void)argument;
    return tri_team_reduce(team, &square, result, 1, TRI_INT64, TRI_SUM, 0);
}

static int program(int argc, char **argv)
{
    int64_t sum = 0;
    tri_team_options options = {.workers = 4};
    (void)argc, (void)argv;
    if (tri_team_run(square_ranks, NULL, 0, &sum, sizeof sum, &options) != 0)
        return fprintf(stderr, "%s\n", tri_error_message()), 1;
    return printf("%d\n", (int)sum) < 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
END

# build NAME LIBRARIES: squares.c as NAME
build() {
    # shellcheck disable=SC2046,SC2086
    limit 60 $CC $CFLAGS $LDFLAGS -o "$stage/user/$1" "$stage/user/squares.c" $(pkg --cflags) $2
}
needs_trireme() {
    readelf -d "$1" | grep -q 'NEEDED.*libtrireme'
}
does_not_need_trireme() {
    ! needs_trireme "$1"
}
squares_are_right() {
    test "$(limit 10 "$stage/user/$1")" = 14
}

check "a program compiles with pkg-config --cflags --libs" build shared "$(pkg --libs)"
check "it loads the shared library" needs_trireme "$stage/user/shared"
check "and gives the right answer" squares_are_right shared
check "a program compiles with pkg-config --static and libtrireme.a" \
    build static "$(pkg --libs --static | sed 's/-ltrireme/-l:libtrireme.a/')"
check "it loads no libtrireme" does_not_need_trireme "$stage/user/static"
check "and gives the right answer" squares_are_right static

# ---- The header on its own -----------------------------------------------------------------

header_alone() {
    # shellcheck disable=SC2086
    echo '#include <trireme.h>' | limit 30 "$@" $(pkg --cflags) -Wall -Werror -pedantic-errors -fsyntax-only -
}
# shellcheck disable=SC2086
check "trireme.h is strict C11" header_alone $CC -std=c11 -x c
for name in g++ clang++; do
    if command -v $name >/dev/null; then
        check "trireme.h is C++11 to $name" header_alone $name -std=c++11 -x c++
    else
        skip "trireme.h is C++11 to $name" "there is no $name"
    fi
done

# ---- And away again ------------------------------------------------------------------------

nothing_is_left() {
    rm -r "$stage/user" "$stage/shown" "$stage/declared" "$stage/loads"
    find "$stage" ! -type d | grep . && return 1
    return 0
}
check "make uninstall" limit 60 make -s uninstall DESTDIR="$stage"
check "leaves no file" nothing_is_left

done_testing
