# For the tests of thumbs: images, and what is made of them.

LC_ALL=C
export LC_ALL
test -x ./thumbs -a -x tests/thumbs/image || skip_all "this build has no libvips"
case $CFLAGS in
*sanitize*)
    sanitizer="a sanitizer takes memory"
    # libvips' threads go on while leaks would be counted
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
    export ASAN_OPTIONS
    ;;
*) sanitizer= ;;
esac
programs=$PWD
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$folder/new" # where thumbnails go
cd "$folder" || exit 1

image() {
    limit 60 "$programs/tests/thumbs/image" "$@"
}

thumbs() {
    limit 30 "$programs/thumbs" "$@"
}

# on_local_backends COMMAND...: with $how set to the options of each
on_local_backends() {
    for how in '-b serial' '-b threads -w 3' '-b fork -w 1' '-b fork -w 3'; do
        "$@" || { echo "with $how"; return 1; }
    done
}

# is NUMBER1 RELATION NUMBER2, with what they are where it is not so
is() {
    test "$@" || { echo "not so: $*"; return 1; }
}

# The folder of thumbnails holds these files, and nothing else.
holds() {
    wanted=$(printf '%s\n' "$@" | sort) there=$(ls -A new | sort)
    is "$there" = "${1:+$wanted}"
}

# No temporary file is left.
all_whole() {
    for file in new/.*; do
        case $file in
        new/. | new/..) ;;
        *) [ ! -e "$file" ] || { echo "left behind: $file"; return 1; } ;;
        esac
    done
}

empty_new() {
    rm -rf new
    mkdir new
}

# ---- Errors ------------------------------------------------------------------------------------

# fails STATUS WORDS ARGUMENT...: nothing on stdout, one line, and no thumbnail
fails() {
    expected=$1 pattern=$2
    shift 2
    thumbs "$@" >out 2>err
    got=$?
    err=$(cat err)
    echo "status $got, stdout '$(head -c 300 out)', stderr '$err', expected '$pattern'"
    holds '' && is $got -eq "$expected" && [ ! -s out ] && is "$(wc -l <err)" -eq 1 || return 1
    # shellcheck disable=SC2254  # a pattern
    case $err in "thumbs: "$pattern*) ;; *) return 1 ;; esac
}

# refuses WORDS FILE [OPTION...]: the file is named in one line, and the image good.png after it is
# made nevertheless
refuses() {
    pattern=$1 file=$2
    shift 2
    empty_new
    thumbs --json -o new "$@" -- "$file" good.png >out 2>err
    got=$?
    err=$(cat err)
    echo "status $got, stdout '$(head -c 300 out)', stderr '$err', expected '$pattern'"
    is $got -eq 1 && is "$(wc -l <err)" -eq 1 && is "$(json failed <out)" -eq 1 && holds good.png ||
        return 1
    # shellcheck disable=SC2254
    case $err in "thumbs: $file: "$pattern*) ;; *) return 1 ;; esac
}
