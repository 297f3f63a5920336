# mawk -F, -v min=MIN -v max=MAX -f with_mawk.awk FILE.csv: each row's values in range, and the
# histogram of these. A loop over the fields takes a third longer.
{
    histogram[($1 >= min && $1 <= max) + ($2 >= min && $2 <= max) + ($3 >= min && $3 <= max) + \
              ($4 >= min && $4 <= max) + ($5 >= min && $5 <= max)]++
}
END {
    for (count = 0; count <= 5; count++)
        printf "%d ", histogram[count]
    print ""
}
