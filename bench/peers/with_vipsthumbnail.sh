#!/bin/sh
# WORKERS FOLDER IMAGE...: vipsthumbnail in as many shells, each with its share of the images.
workers=$1 folder=$2
shift 2
for number in $(seq "$workers"); do
    (
        place=0
        for image; do
            shift
            [ $((place % workers)) -ne $((number - 1)) ] || set -- "$@" "$image"
            place=$((place + 1))
        done
        exec vipsthumbnail --size 50x50 -o "$folder/%s.jpg[strip]" "$@"
    ) &
    processes="$processes $!"
done
for process in $processes; do
    wait "$process" || exit 1
done
