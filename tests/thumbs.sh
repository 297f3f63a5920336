# What thumbs makes: formats, sizes, colours, names.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/thumbs/common.sh"

# ---- Formats and colours ---------------------------------------------------------------------------

# becomes KIND FILE[OPTIONS] DISTANCE SHOWN: an image of 300x200 is in the same format as before, and
# no more than the distance from what the kind is in that size
becomes() {
    file=${2%%\[*}
    rm -f "$file"
    empty_new
    image make "$1" 300 200 "$2" && thumbs -q -o new "$file" >out || return 1
    cat out
    is "$(image show "new/$file")" = "$4" || return 1
    case $1 in
    cmyk) return 0 ;;
    *16) set -- "${1%16}" "$2" "$3" ;;
    esac
    is "$(image off "$1" "new/$file")" -le "$3"
}
while read -r kind file distance shown; do
    check "$kind in $file" becomes "$kind" "$file" "$distance" "$shown"
done <<'END'
rgb plain.jpg 12 jpegload 50x33 3 uchar srgb
rgb progressive.jpg[interlace] 12 jpegload 50x33 3 uchar srgb
rgb full_colour.jpg[no_subsample] 12 jpegload 50x33 3 uchar srgb
grey grey.jpg 4 jpegload 50x33 1 uchar b-w
cmyk cmyk.jpg 0 jpegload 50x33 3 uchar srgb
rgb plain.png 3 pngload 50x33 3 uchar srgb
rgb interlaced.png[interlace] 3 pngload 50x33 3 uchar srgb
rgb palette.png[palette] 24 pngload 50x33 3 uchar srgb
rgb16 deep.png 3 pngload 50x33 3 uchar srgb
rgba rgba.png 4 pngload 50x33 4 uchar srgb
grey grey.png 3 pngload 50x33 1 uchar b-w
black bits.png[bitdepth=1] 0 pngload 50x33 1 uchar b-w
grey16 grey_deep.png 3 pngload 50x33 1 uchar b-w
grey_alpha grey_alpha.png 3 pngload 50x33 2 uchar b-w
hidden hidden.png 1 pngload 50x33 4 uchar srgb
rgb plain.webp 16 webpload 50x33 3 uchar srgb
rgb lossless.webp[lossless] 16 webpload 50x33 3 uchar srgb
rgba rgba.webp 24 webpload 50x33 4 uchar srgb
rgb plain.tif 3 tiffload 50x33 3 uchar srgb
rgb lzw.tiff[compression=lzw] 3 tiffload 50x33 3 uchar srgb
rgb deflated.tif[compression=deflate] 3 tiffload 50x33 3 uchar srgb
rgb jpeg.tif[compression=jpeg] 12 tiffload 50x33 3 uchar srgb
rgb tiles.tif[tile] 3 tiffload 50x33 3 uchar srgb
rgb pyramid.tif[tile,tile_width=32,tile_height=32,pyramid] 3 tiffload 50x33 3 uchar srgb
rgb big.tif[bigtiff] 3 tiffload 50x33 3 uchar srgb
rgb16 deep.tif 3 tiffload 50x33 3 uchar srgb
rgba rgba.tif 4 tiffload 50x33 4 uchar srgb
grey grey.tif 3 tiffload 50x33 1 uchar b-w
cmyk cmyk.tif 0 tiffload 50x33 3 uchar srgb
END

# A profile that is thrown away would leave other colours.
profile() {
    empty_new
    image make rgb 300 200 plain.png && image profile p3 plain.png p3.png &&
        is "$(image off rgb p3.png)" -gt 50 && thumbs -q -o new p3.png && is "$(image off rgb new/p3.png)" -le 12
}
check "colours of another profile become those of sRGB" profile

# Bytes from before the frame, that libvips warns of.
warnings() {
    empty_new
    image make rgb 300 200 plain.jpg || return 1
    { head -c 20 plain.jpg; printf '\000\000\000\000'; tail -c +21 plain.jpg; } >warned.jpg
    thumbs -o new -b $1 warned.jpg 2>err && is "$(image off rgb new/warned.jpg)" -le 12 && is "$(cat err)" = ''
}
check "nobody hears what libvips warns of" warnings fork
check "nor on threads" warnings threads

without_metadata() {
    empty_new
    image make rgb 300 200 plain.png && image profile p3 plain.png tagged.jpg &&
        thumbs -q -o new tagged.jpg && is "$(wc -c <tagged.jpg)" -gt 2000 && is "$(wc -c <new/tagged.jpg)" -lt 1200
}
check "thumbnails hold no metadata" without_metadata

# ---- Sizes -----------------------------------------------------------------------------------------

sized() {
    empty_new
    image make rgb "$1" "$2" sized.png && thumbs -q --size "$3" -o new sized.png &&
        is "$(image show new/sized.png)" = "pngload $4 3 uchar srgb"
}
while read -r width height size expected; do
    check "${width}x$height in $size is $expected" sized "$width" "$height" "$size" "$expected"
done <<'END'
400 300 50x50 50x38
300 400 50x50 38x50
400 400 50x50 50x50
400 300 100x20 27x20
400 300 20x100 20x15
400 300 400x300 400x300
400 300 1000x1000 400x300
20 10 50x50 20x10
3000 1 50x50 50x1
1 3000 50x50 1x50
1 1 50x50 1x1
51 50 50x50 50x49
400 300 1x1 1x1
END
pyramid() {
    empty_new
    image make rgb 300 200 'pyramid.tif[tile,tile_width=32,tile_height=32,pyramid]' || return 1
    for size in 400x400 300x200 120x80 30x30; do
        thumbs -q --force --size $size -o new pyramid.tif >/dev/null && image show new/pyramid.tif || return 1
    done | tr '\n' ',' >shown
    grep -qx 'tiffload 300x200 3 uchar srgb,tiffload 300x200 3 uchar srgb,tiffload 120x80 3 uchar srgb,tiffload 30x20 3 uchar srgb,' shown
}
check "of a pyramid the image that fits is taken" pyramid

orientation() {
    image make rgb 300 200 upright.png || return 1
    for turned in 1 2 3 4 5 6 7 8; do
        empty_new
        image turn $turned upright.png turned.jpg && thumbs -q -o new turned.jpg &&
            is "$(image show new/turned.jpg)" = "jpegload 50x33 3 uchar srgb" &&
            is "$(image off rgb new/turned.jpg)" -le 12 || { echo "orientation $turned"; return 1; }
    done
}
check "images are turned as their EXIF orientation says" orientation
turned_size() {
    empty_new
    image turn 6 upright.png turned.jpg && thumbs -q --size 30x90 -o new turned.jpg &&
        is "$(image show new/turned.jpg)" = "jpegload 30x20 3 uchar srgb"
}
check "and then have to fit" turned_size

# ---- Blur ------------------------------------------------------------------------------------------

image make photograph 400 300 photograph.png
blurred() {
    for sigma in 2 8 40; do
        empty_new
        image blur $sigma 50 photograph.png whole.png && thumbs -q --blur $sigma -o new photograph.png &&
            is "$(image apart whole.png new/photograph.png)" -le 8 || { echo "sigma $sigma"; return 1; }
    done
}
check "the blur is that of the whole image" blurred
not_blurred() {
    empty_new
    image blur 8 50 photograph.png whole.png && thumbs -q --blur 0 -o new photograph.png &&
        is "$(image apart whole.png new/photograph.png)" -ge 10
}
check "--blur 0 is none" not_blurred
usual_blur() {
    empty_new
    thumbs -q --size 400x400 --blur 2 -o new photograph.png && mv new/photograph.png two.png &&
        thumbs -q --size 400x400 -o new photograph.png && cmp two.png new/photograph.png &&
        thumbs -q --size 400x400 --blur 3 --force -o new photograph.png && ! cmp -s two.png new/photograph.png
}
check "without --blur it is 2 pixels" usual_blur
hidden_colours() {
    empty_new
    image make hidden 300 200 hidden.png && thumbs -q --blur 30 -o new hidden.png && is "$(image off hidden new/hidden.png)" -le 1
}
check "the colours of transparent pixels stay hidden" hidden_colours

# The tutorial itself, where Pillow is.
tutorial() {
    empty_new
    mkdir -p pillow
    image make rgb 320 200 a.png && image make grey 200 320 b.png && cp photograph.png c.png &&
        limit 60 "$python" "$top/bench/peers/with_pillow.py" 2 pillow a.png b.png c.png &&
        thumbs -q -o new a.png b.png c.png || return 1
    is "$(image apart new/a.png pillow/a.png)" -le 8 && is "$(image apart new/b.png pillow/b.png)" -le 8 &&
        is "$(image apart new/c.png pillow/c.png)" -le 24
}
top=$(cd "$programs" && cd "$srcdir" && pwd)
python=
for command in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! $command -c 'import PIL' 2>/dev/null || python=$command
done
if [ -n "$python" ]; then
    check "the tutorial's thumbnails are the same" tutorial
else
    skip "the tutorial's thumbnails are the same" "no Pillow"
fi

# ---- The same for any number of workers ------------------------------------------------------------

mkdir many
for number in 1 2 3 4 5 6 7 8 9 10; do
    image make photograph $((300 + number)) 200 "many/$number.jpg"
    image make rgba 200 $((300 + number)) "many/$number.png"
    image make rgb 300 $((200 + number)) "many/$number.webp"
    image make grey16 $((200 + number)) 300 "many/$number.tif"
done
same_pixels() {
    empty_new
    thumbs $how -o new many/* >out || return 1
    is "$(grep -c '^made ' out)" -eq 40 && is "$(sort -u out | grep -c '^made ')" -eq 40 || return 1
    (cd new && cksum *) >sums
    [ -e first_sums ] || mv sums first_sums
    [ ! -e sums ] || cmp sums first_sums
}
check "every backend makes the same files" on_local_backends same_pixels
one_by_one() {
    empty_new
    for file in many/*; do
        thumbs -q -o new "$file" >/dev/null || return 1
    done
    (cd new && cksum *) | cmp - first_sums
}
check "and so does one run for each image" one_by_one

# ---- Names -----------------------------------------------------------------------------------------

image make rgb 100 50 good.png
# named NAME: an image of this name has a thumbnail of this name
named() {
    rm -rf names
    mkdir names
    cp good.png "names/$1" && empty_new && thumbs -o new "names/$1" >out 2>err || return 1
    cat out err
    [ -f "new/$1" ] && is "$(grep -c '^made  50x25      new/' out)" -eq 1 && is "$(wc -l <out)" -eq 5 && [ ! -s err ]
}
newline='two
lines.png'
check "a name with spaces" named ' a photograph .png'
check "a name of two lines" named "$newline"
check "a name in UTF-8" named 'bärenhöhle 熊.png'
check "a name that is no UTF-8" named "$(printf 'b\344r.png')"
check "a name with brackets, as libvips has options" named 'x.png[page=3]'
check "a name with a conversion" named '%s%n.png'
check "a name with quotes and a backslash" named "'\"\\.png"
check "a name like a hidden file's" named '.png'
check "a name without an ending" named 'photograph'
check "a name with another format's ending" named 'photograph.jpg'
check "a name of 255 bytes" named "$(printf '%0251d.png' 0)"
leading_dash() {
    empty_new
    cp good.png -- "-o.png" && thumbs -q -o new -- -o.png && [ -f new/-o.png ]
}
check "a name that begins with a dash" leading_dash
escapes() {
    cp good.png "$(printf 'red\033[31m.png')" && empty_new && thumbs -o new "$(printf 'red\033[31m.png')" >out &&
        grep -q 'new/red?\[31m.png$' out
}
check "words for the terminal are not passed on" escapes
symbolic_link() {
    empty_new
    ln -sf good.png link.png && thumbs -q -o new link.png && [ -f new/link.png ] && [ ! -L new/link.png ]
}
check "a symbolic link" symbolic_link
deep() {
    path=.
    for i in 1 2 3 4 5 6 7 8 9 10; do
        path=$path/$(printf '%0200d' $i)
    done
    mkdir -p "$path" && cp good.png "$path" && empty_new && thumbs -q -o "$path/new" "$path/good.png" &&
        [ -f "$path/new/good.png" ]
}
check "a path of 2000 bytes" deep

# ---- The folder, and files that are there ----------------------------------------------------------

by_default() {
    rm -rf thumbs
    thumbs -q good.png >/dev/null && [ -f thumbs/good.png ]
}
check "thumbnails go to thumbs" by_default
slash() {
    rm -rf made
    thumbs -o made/ good.png >out && [ -f made/good.png ] && grep -q ' made/good.png$' out
}
check "-o with a slash at the end" slash
kept() {
    rm -rf new
    thumbs -o new good.png plain.png >/dev/null && rm new/plain.png && echo mine >new/good.png || return 1
    thumbs $how -o new good.png plain.png >out || return 1
    cat out
    is "$(cat new/good.png)" = mine && grep -q '^kept  *new/good.png$' out && grep -q '^made .*new/plain.png$' out &&
        grep -qx 'images   2: 1 made, 1 kept, 0 failed' out && holds good.png plain.png
}
check "files that are there are kept" on_local_backends kept
forced() {
    rm -rf new
    thumbs -q -o new good.png >/dev/null && cp new/good.png wanted.png && echo mine >new/good.png &&
        thumbs $how --force -o new good.png >out && cmp new/good.png wanted.png && holds good.png &&
        grep -qx 'images   1: 1 made, 0 kept, 0 failed' out
}
check "--force replaces them" on_local_backends forced
readable() {
    rm -rf new
    (umask 027 && thumbs -q -o new good.png >/dev/null) && is "$(stat -c %a new/good.png)" = 640
}
check "their mode is the umask's" readable

# ---- What is printed -------------------------------------------------------------------------------

object() {
    empty_new
    cp many/1.png new
    thumbs --json -w 2 -o new many/*.png many/1.tif missing.png >out 2>err
    is $? -eq 1 && is "$(wc -l <out)" -eq 1 && is "$(json program <out)" = thumbs && is "$(json images <out)" = 12 &&
        is "$(json made <out)" = 10 && is "$(json kept <out)" = 1 && is "$(json failed <out)" = 1 &&
        is "$(json backend <out)" = fork && is "$(json workers <out)" = 2 || return 1
    command -v jq >/dev/null || return 0
    jq -e '.seconds > 0 and .images_per_second > 0' out
}
check "--json is one object" object
few_workers() {
    is "$(thumbs --force -w 8 --json good.png plain.png | json workers)" -eq 2
}
check "no more workers than images" few_workers
help() {
    thumbs --help | grep -q '^Usage: thumbs .* IMAGE\.\.\.$' && thumbs --version | grep -q '^thumbs (Trireme) '
}
check "--help and --version" help

done_testing
