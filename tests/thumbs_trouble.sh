# thumbs in trouble: wrong usage, broken and hostile images, lost workers, full disks, signals.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/thumbs/common.sh"

image make rgb 100 50 good.png
image make rgb 300 200 plain.jpg
image slow slow.tif

# ---- Wrong usage -----------------------------------------------------------------------------------

usage() {
    words=$1
    shift
    fails 2 "$words" -o new "$@"
}
for size in 50 '' x 50x x50 0x50 50x0 -5x5 5x5x5 1.5x2 axb 16384x1 1x99999999999; do
    check "--size '$size' is refused" usage "--size *'" --size "$size" good.png
done
for sigma in '' x -1 1x nan inf 1001 0x10 ' 1' 1,5; do
    check "--blur '$sigma' is refused" usage "--blur '$sigma' is not a number from 0 to 1000" --blur "$sigma" good.png
done
check "--time-limit x" usage "--time-limit 'x'" --time-limit x good.png
check "--memory-limit 1M" usage "--memory-limit '1M' is not a whole number from 100000000 to " --memory-limit 1M good.png
check "--time-limit on serial" usage "the serial backend cannot keep to --time-limit" -b serial --time-limit 5 good.png
check "--memory-limit on threads" usage "the threads backend cannot keep to --memory-limit" -b threads --memory-limit 1G good.png
check "--output ''" usage "--output '' is not a folder" -o '' good.png
check "no image" usage "no image is named"
check "an unknown option" usage "unknown option '-x'" -x good.png
check "an unknown backend" usage "unknown backend 'gpu'" -b gpu good.png
check "no workers" usage "--workers '0'" -w 0 good.png

ranks() {
    limit 60 "$MPIEXEC" -n 3 "$programs/thumbs" -o new good.png </dev/null >out 2>err
    got=$?
    cat out err
    is $got -ne 0 && is "$(grep -c '^thumbs: ' err)" -eq 1 && grep -q '^thumbs: the mpi backend makes no thumbnails: use -b fork' err && holds ''
}
fork_on_ranks() {
    empty_new
    limit 60 "$MPIEXEC" -n 2 "$programs/thumbs" -b fork -w 2 -o new good.png plain.jpg </dev/null && holds good.png plain.jpg
}
empty_new
if [ "$MPIEXEC" = no ]; then
    check "-b mpi without MPI" usage "" -b mpi good.png
    skip "MPI ranks are refused in one line" "this build has no MPI"
    skip "-b fork under mpirun" "this build has no MPI"
else
    check "-b mpi" usage "the mpi backend makes no thumbnails: use -b fork" -b mpi good.png
    check "MPI ranks are refused in one line" ranks
    check "-b fork under mpirun" fork_on_ranks
fi

# ---- What cannot go well, said before anything is done ---------------------------------------------

mkdir other
cp good.png other
cp good.png file
empty_new
check "two images of the same name" fails 1 "good.png and other/good.png would have the same thumbnail in new" -o new \
    plain.jpg other/good.png good.png
check "an image twice" fails 1 "good.png and good.png would have the same thumbnail in new" -o new good.png good.png
check "the folder is a file" fails 1 "cannot make the folder file: Not a directory" -o file good.png
check "the folder's folder is missing" fails 1 "cannot make the folder no/new: No such file or directory" -o no/new good.png
check "thumbnails over the images" fails 1 "good.png would be its own thumbnail" --force -o . good.png plain.jpg
check "over the images by another path" fails 1 "./../*/good.png would be its own thumbnail" --force \
    -o "$folder" "./../${folder##*/}/good.png"
check "the image is as it was" is "$(image off rgb good.png)" -eq 0

# ---- Broken images ---------------------------------------------------------------------------------

image make photograph 300 200 whole.jpg
image make photograph 300 200 'progressive.jpg[interlace]'
image make photograph 300 200 whole.png
image make photograph 300 200 whole.webp
image make photograph 300 200 whole.tif
# cut FILE SHARE: the beginning of it
cut() {
    size=$(wc -c <"$1")
    head -c $((size * $2 / 100)) "$1" >"cut_$2_$1"
}
for file in whole.jpg progressive.jpg whole.png whole.webp whole.tif; do
    for share in 10 50 95; do
        cut $file $share
        check "$share % of $file" refuses "cannot read the * image: " cut_${share}_$file
    done
done
: >empty.jpg
echo 'not an image' >text.jpg
printf '\377\330\377' >three_bytes.jpg
printf 'GIF89a\001\000\001\000\200\000\000\377\377\377\000\000\000,\000\000\000\000\001\000\001\000\000\002\002D\001\000;' >tiny.gif
printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' >drawing.svg
cp "$programs/thumbs" program.png
head -c 3000 whole.png >spoilt.png && head -c 3000 /dev/zero >>spoilt.png && tail -c +6001 whole.png >>spoilt.png
png_head='\211PNG\r\n\032\n\000\000\000\015IHDR'
png_data='\000\000\000\021IDAT\170\234\143\140\030\005\243\140\024\014\167\000\000\003\350\000\001\263\246\323\106'
# shellcheck disable=SC2059  # the format is the bytes
{
    printf "$png_head\\177\\377\\377\\377\\177\\377\\377\\377\\010\\002\\000\\000\\000\\233\\253\\234\\061$png_data" >absurd.png
    printf "$png_head\\000\\000\\000\\000\\000\\000\\000\\012\\010\\002\\000\\000\\000\\025\\162\\310\\043$png_data" >flat.png
    printf "$png_head\\000\\017\\102\\100\\000\\017\\102\\100\\020\\006\\000\\000\\000\\014\\375\\344\\076$png_data" >huge.png
}
printf 'II*\000\010\000\000\000\001\000\000\001\003\000' >directory.tif
printf 'RIFF\377\377\377\377WEBPVP8 \377\377\377\377' >claims.webp
mkfifo fifo.jpg
ln -s nowhere.jpg dangling.jpg
ln -s circle.jpg circle.jpg
mkdir folder.jpg
check "an empty file" refuses "the file is empty" empty.jpg
check "a text" refuses "neither a JPEG nor a PNG, WebP or TIFF image" text.jpg
check "three bytes" refuses "cannot read the JPEG image: " three_bytes.jpg
check "a GIF" refuses "neither a JPEG" tiny.gif
check "an SVG" refuses "neither a JPEG" drawing.svg
check "a program" refuses "neither a JPEG" program.png
check "a PNG with zeros inside" refuses "cannot read the PNG image: " spoilt.png
check "a PNG of 2147483647x2147483647" refuses "cannot read the PNG image" absurd.png
check "a PNG of no width" refuses "cannot read the PNG image" flat.png
check "half a TIFF directory" refuses "cannot read the TIFF image: " directory.tif
check "a WebP that claims 4 GB" refuses "cannot read the WebP image: " claims.webp
check "a missing file" refuses "No such file or directory" missing.jpg
check "an empty name" refuses "No such file or directory" ''
check "a folder" refuses "Is a directory" folder.jpg
check "a folder with a slash" refuses "Is a directory" folder.jpg/
check "a FIFO that nobody writes to" refuses "not a regular file" fifo.jpg
check "a device" refuses "not a regular file" /dev/zero
check "a link to nothing" refuses "No such file or directory" dangling.jpg
check "a link to itself" refuses "Too many levels of symbolic links" circle.jpg
check "a name that is too long" refuses "File name too long" "$(printf '%0300d.jpg' 0)"
long_path=$(printf '%05000d.jpg' 0)
too_long() {
    thumbs -q -o new --force "$long_path" good.png 2>err
    is $? -eq 1 && is "$(wc -l <err)" -eq 1 && grep -q '^thumbs: 0*\.jpg: File name too long$' err && holds good.png
}
check "a path that is too long" too_long
newline='two
lines.jpg'
echo x >"$newline"
two_lines() {
    empty_new
    thumbs -q -o new "$newline" 2>err
    is "$(cat err)" = "thumbs: two?lines.jpg: neither a JPEG nor a PNG, WebP or TIFF image"
}
check "a name of two lines is one in the error" two_lines

# Root may read all files: then as nobody.
secret() {
    empty_new
    cp good.png secret.png
    chmod 0 secret.png
    chmod a+rwx . new
    $as_nobody timeout 30 "$programs/thumbs" -q -o new secret.png good.png >out 2>err
    is $? -eq 1 && is "$(cat err)" = "thumbs: secret.png: Permission denied" && holds good.png
}
no_entry() {
    empty_new
    chmod 555 new
    $as_nobody timeout 30 "$programs/thumbs" -q -o new good.png >out 2>err
    got=$?
    cat err
    is $got -eq 1 && is "$(cat err)" = "thumbs: good.png: cannot write the thumbnail: Permission denied" && holds ''
}
as_nobody=''
[ "$(id -u)" -ne 0 ] || as_nobody='setpriv --reuid 65534 --clear-groups'
if [ -n "$as_nobody" ] && ! $as_nobody "$programs/thumbs" --version >/dev/null 2>&1; then
    skip "a file that may not be read" "root may read all files, and others not the build folder"
    skip "a folder that may not be written" "root may write all folders, and others not read the build folder"
else
    check "a file that may not be read" secret
    check "a folder that may not be written" no_entry
fi
empty_new

# The same words and the same thumbnails wherever they are made.
all_broken() {
    empty_new
    thumbs -q $how -o new cut_* empty.jpg text.jpg good.png plain.jpg whole.jpg fifo.jpg missing.jpg 2>err >/dev/null
    is $? -eq 1 && is "$(wc -l <err)" -eq 19 && holds good.png plain.jpg whole.jpg || return 1
    sed 's/ image: .*/ image/' err | sort >lines
    [ -e first_lines ] || mv lines first_lines
    [ ! -e lines ] || cmp lines first_lines
}
check "every backend says the same of them" on_local_backends all_broken

# ---- Limits ----------------------------------------------------------------------------------------

check "an image that takes too long" refuses "task 0 * took more than its limit of 1 s" slow.tif --time-limit 1
check "and on threads" refuses "task 0 * took more than its limit of 1 s" slow.tif --time-limit 1 -b threads
image make rgb 300 200 'claims.jpg[interlace]'
image claim 65500 65500 claims.jpg
if [ -n "$sanitizer" ]; then
    skip "a PNG that claims a million rows and has none" "$sanitizer"
    skip "a JPEG that wants 12 GB" "$sanitizer"
    skip "200 MB are enough for a photograph" "$sanitizer"
else
    check "a PNG that claims a million rows and has none" refuses "cannot read the PNG image: " huge.png
    check "a JPEG that wants 12 GB" refuses "cannot read the JPEG image: " claims.jpg --memory-limit 1G
    image make photograph 4000 3000 'photograph.jpg[interlace]'
    check "200 MB are enough for a photograph" thumbs -o new --memory-limit 200M photograph.jpg
fi

# ---- Full disks ------------------------------------------------------------------------------------

# A limit on the size of files stands for one.
limited() {
    empty_new
    image make photograph 300 200 large.png
    (ulimit -f 40 && limit 30 "$programs/thumbs" $how --size 250x250 -o new large.png good.png 2>err | cat >out)
    cat out err
    is "$(cat err)" = "thumbs: large.png: cannot write the thumbnail: File too large" && holds good.png
}
check "a thumbnail larger than files may be" on_local_backends limited
full() {
    rm -rf small
    mkdir small
    mount -t tmpfs -o size=16k tmpfs small || return 1
    thumbs --size 250x250 -o small/new large.png good.png >out 2>err
    got=$?
    left=$(ls -A small/new)
    umount small
    cat out err
    is $got -eq 1 && is "$(cat err)" = "thumbs: large.png: cannot write the thumbnail: No space left on device" &&
        is "$left" = good.png
}
mkdir -p small
if mount -t tmpfs -o size=16k tmpfs small 2>/dev/null; then
    umount small
    check "a full disk" full
else
    skip "a full disk" "may not mount a small one"
fi
full_output() {
    empty_new
    thumbs -o new good.png >/dev/full 2>err
    is $? -eq 1 && is "$(wc -l <err)" -eq 1 && grep -q '^thumbs: cannot write to standard output: ' err
}
if [ -c /dev/full ]; then
    check "standard output is full" full_output
else
    skip "standard output is full" "no /dev/full"
fi

# ---- Workers that are lost -------------------------------------------------------------------------

# until COMMAND...: waits for it to be true, 20 seconds at most
until_true() {
    for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        for tenth in 1 2 3 4 5 6 7 8 9 10; do
            "$@" 2>/dev/null && return
            sleep 0.1
        done
    done
    echo "never true: $*"
    return 1
}
# The program, its fork server and its workers are known by the folder on their command line.
processes() {
    pgrep -f "^[^ ]*/thumbs .*$folder"
}
none_left() {
    ! processes >/dev/null
}
# Those that the fork server is the parent of.
worker() {
    for pid in $(processes); do
        parent=$(ps -o ppid= -p "$pid" | tr -d ' ')
        grandparent=$(ps -o ppid= -p "${parent:-1}" | tr -d ' ')
        [ "$parent" = "$running" ] || [ "$grandparent" != "$running" ] || echo "$pid"
    done
}
# The worker that has the slow image. The list of processes may want for some on a busy machine.
find_slow() {
    for slow in $(worker); do
        [ -z "$(find "/proc/$slow/fd" -lname '*/slow.tif')" ] || return 0
    done
    return 1
}
begin() {
    [ -z "$running" ] || kill -KILL "$running" 2>/dev/null
    empty_new
    "$programs/thumbs" "$@" >out 2>err &
    running=$!
}
running=
# One worker has the slow image, when the others are made.
lost() {
    begin -w 2 -o "$folder/new" --time-limit 20 good.png slow.tif plain.jpg whole.png
    until_true grep -q 'made .*whole.png' out && until_true find_slow || return 1
    kill -"$1" "$slow"
    wait $running
    is $? -eq 1 || { cat err; return 1; }
    cat out err
    is "$(wc -l <err)" -eq 1 && grep -Eq "^thumbs: slow.tif: .*task 1.*signal $2" err && holds good.png plain.jpg whole.png &&
        until_true none_left
}
# Its successor goes on.
lost_first() {
    begin -w 1 -o "$folder/new" --time-limit 20 slow.tif good.png plain.jpg
    until_true find_slow || return 1
    kill -KILL "$slow"
    wait $running
    is $? -eq 1 && is "$(wc -l <err)" -eq 1 && grep -q "^thumbs: slow.tif: .*signal 9" err && holds good.png plain.jpg &&
        until_true none_left
}
# A worker is killed at any moment, while thumbnails are written. It may have written one and not
# yet said so: then the image is lost, and its thumbnail is there.
lost_at_random() {
    mkdir -p many
    for number in 1 2 3 4 5 6 7 8 9; do
        for copy in 1 2 3 4 5 6 7 8 9; do
            ln -f whole.png many/$number$copy.png
        done
    done
    for try in 1 2 3 4 5; do
        begin -w 3 -o "$folder/new" --json many/*
        for pause in 1 2 3 4 5 6 7 8; do
            sleep 0.0$pause
            kill -KILL $(worker | head -n 1) 2>/dev/null
        done
        wait $running
        got=$?
        failed=$(json failed <out) made=$(json made <out)
        cat out err
        is $got -eq $((failed > 0)) && is "$(wc -l <err)" -eq "$failed" && is $((made + failed)) -eq 81 &&
            is "$(ls -A new | wc -l)" -ge "$made" && all_whole &&
            is "$(cd new && cksum * | cut_sums | sort -u | wc -l)" -eq 1 || return 1
    done
    until_true none_left
}
cut_sums() {
    awk '{ print $1, $2 }'
}
killed() {
    begin -w 2 -o "$folder/new" slow.tif good.png plain.jpg
    until_true grep -q 'made .*plain.jpg' out || return 1
    kill -KILL $running
    wait $running
    is $? -eq 137 && until_true none_left && holds good.png plain.jpg
}
# All that is there is whole, and nothing else is.
terminated() {
    begin $how -o "$folder/new" good.png plain.jpg whole.png slow.tif
    until_true grep -q 'made .*plain.jpg' out || return 1
    sleep 0.3 # and the other one
    kill -TERM $running
    wait $running
    is $? -eq 143 && until_true none_left && holds good.png plain.jpg whole.png && [ ! -s err ] || { cat err; return 1; }
}
# Not in the background: there it would be ignored.
interrupted() {
    empty_new
    timeout --preserve-status -k 10 -s INT 1.5 "$programs/thumbs" $how -o "$folder/new" good.png slow.tif >out 2>err
    is $? -eq 130 && until_true none_left && holds good.png && [ ! -s err ] || { cat err; return 1; }
}
# Ctrl-C goes to the whole process group; thumbnails are written all the time.
interrupted_writing() {
    for delay in 0.05 0.1 0.15 0.2; do
        empty_new
        timeout --preserve-status -k 5 -s INT $delay "$programs/thumbs" $how -o "$folder/new" many/* >out 2>err
        status=$?
        [ $status -eq 0 ] || is $status -eq 130 && until_true none_left && all_whole &&
            [ ! -s err ] || { cat err; return 1; }
    done
}
closed_pipe() {
    empty_new
    { limit 30 "$programs/thumbs" -o "$folder/new" good.png plain.jpg whole.png slow.tif; echo $? >status; } 2>err | head -n 1
    cat err
    is "$(cat status)" -eq 141 && [ ! -s err ] && all_whole && until_true none_left
}
if ! command -v pgrep >/dev/null; then
    skip "workers that are killed, signals" "no pgrep"
else
    check "a worker that is killed" lost KILL 9
    check "a worker that crashes" lost ABRT 6
    check "another worker takes its place" lost_first
    check "workers that are killed at any moment" lost_at_random
    check "the program is killed" killed
    check "Ctrl-C" on_local_backends interrupted
    check "SIGTERM" on_local_backends terminated
    check "Ctrl-C leaves no temporary file" on_local_backends interrupted_writing
    check "a pipe that is closed" closed_pipe
fi

# No more than one line when there can be no workers.
no_workers() {
    empty_new
    # shellcheck disable=SC3045  # all shells have it
    (ulimit -n 8 && exec "$programs/thumbs" -o new good.png plain.jpg whole.png) 2>err >out
    is $? -eq 1 && is "$(wc -l <err)" -eq 1 && grep -q 'Too many open files' err && holds '' || { cat out err; return 1; }
}
check "workers that cannot be started" no_workers

# ---- Progress --------------------------------------------------------------------------------------

check "--quiet writes nothing to standard error" \
    sh -c "empty=\$(timeout 30 '$programs/thumbs' -q --progress always --force good.png 2>&1 >/dev/null); test -z \"\$empty\""
long="timeout 4 $programs/thumbs -w 2 --force good.png slow.tif"
$long --progress always >/dev/null 2>lines &
if script -qec true /dev/null >/dev/null 2>&1; then
    script -qec "$long" terminal >/dev/null 2>&1 </dev/null
fi
wait
check "a batch log gets a line now and then" grep -Eq '^thumbs: 50 %, .* left, [0-9.]+ images/s$' lines
if [ -e terminal ]; then
    check "a terminal gets a bar" grep -Eq 'thumbs +50 % .* left, [0-9.]+ images/s' terminal
else
    skip "a terminal gets a bar" "no script of util-linux"
fi

done_testing
