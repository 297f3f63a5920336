#!/bin/sh
# Prints rows for the table of bench/run.sh: thumbs against what people would take instead. The task
# is to make thumbnails of 50x50 of 200 JPEG photographs of 12 megapixels, which are ten, made of a
# gradient and noise, twenty times; timed is the whole process, the files being in the page cache.
#
# Pillow does what the tutorial does, and blurs. vipsthumbnail has no blur: against it thumbs is
# told not to blur either (by 2 pixels in 4000, which is the default, would be as fast), and both
# throw metadata away.
#
# Run it in the build folder, where thumbs, tests/thumbs/image and bench/pairs are; it takes four
# minutes with all peers, and 45 MB of TMPDIR. Peers that are not installed are left out:
#
#     apt-get install python3-pil libvips-tools
LC_ALL=C
export LC_ALL
. "$(dirname "$0")/table.sh"
peers=$(dirname "$0")/peers
workers=2

fail() {
    echo "thumbs.sh: $*" >&2
    exit 1
}

[ -x ./thumbs ] || { echo "thumbs.sh: this build has no thumbs, left out" >&2; exit 0; }
pillow=$(python_with PIL Pillow)
vipsthumbnail=$(program vipsthumbnail)

folder=$(mktemp -d "${TMPDIR:-/tmp}/thumbs.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$folder/photos" "$folder/ours" "$folder/theirs"
for number in 0 1 2 3 4 5 6 7 8 9; do
    tests/thumbs/image make photograph $((4000 + number)) 3000 "$folder/photos/$number.jpg[Q=90]" ||
        fail "cannot make a photograph"
    for copy in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
        ln "$folder/photos/$number.jpg" "$folder/photos/$number-$copy.jpg"
    done
done
sync # so that nothing is written while others are timed

photos="'$folder'/photos/*"
ours="./thumbs -w $workers --force -o '$folder/ours'"
name="\`thumbs -w $workers\`, 200 JPEG photographs of 12 megapixels"

# against RUNS NAME COMMAND THUMBS GOAL: a row, once all 200 are there
against() {
    sh -c "$4" >/dev/null && sh -c "$3" >/dev/null || fail "'$3' or '$4' failed"
    [ "$(ls "$folder/theirs")" = "$(ls "$folder/ours")" ] || fail "$2 makes other files"
    rm "$folder"/theirs/*
    pair "$1" "$4" "$3" || exit 1
    row "$name" "$(printf %.0f "$a") ms" "$2, $(printf %.0f "$b") ms" "${ratio}×" "$5"
    name="the same, \`--blur 0\`"
}

[ -z "$pillow" ] || against 1 "Pillow with ProcessPoolExecutor($workers)" \
    "$pillow '$peers/with_pillow.py' $workers '$folder/theirs' $photos" "$ours $photos" "≥ 5×"
name="the same, \`--blur 0\`"
[ -z "$vipsthumbnail" ] || against 7 "\`vipsthumbnail\` in $workers shells" \
    "sh '$peers/with_vipsthumbnail.sh' $workers '$folder/theirs' $photos" "$ours --blur 0 $photos" "≥ 0.95×"
