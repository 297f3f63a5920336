# Counts tables of text in the plainest way: what ./rowcount has to agree with.
#
#     awk -f count.awk min=4 max=8 FILE...
#
# Other assignments: delimiter= comma, tab, semicolon, bar or space; header=1 (in each file);
# columns=1,3 (all without it); skip_bad=1; counts=FILE for each row's count. Prints rows, columns,
# values, missing, in range, the histogram and with skip_bad the bad rows; or of the first bad row
# "bad FILE LINE CELL", where CELL is 0 if its width is wrong. Integers compare as strings of digits,
# decimals as awk's doubles.

function prepare(    i, list, n) {
    is_prepared = 1
    separator["comma"] = ","; separator["semicolon"] = ";"; separator["bar"] = "|"
    separator["tab"] = "\t"; separator["space"] = " "
    delimiter = separator[delimiter == "" ? "comma" : delimiter]
    infinity = 1e308
    infinity *= 10
    n = split(columns, list, ",")
    for (i = 1; i <= n; i++)
        selected[list[i]] = 1
    selected_count = n
}

# ---- Cells -----------------------------------------------------------------------------------------

function trimmed(text) {
    sub(/^ +/, "", text)
    sub(/ +$/, "", text)
    return text
}

# Puts the cells of a line into cell[1], cell[2], ... and returns how many there are, -1 if quotes are
# not closed or something follows them.
function cells(line,    n, at, length_, c, text, is_open) {
    if (delimiter == " ") {
        gsub(/\t/, " ", line)
        line = trimmed(line)
    }
    if (index(line, "\"") == 0) {
        n = delimiter == " " ? split(line, cell, / +/) : split(line, cell, delimiter)
        for (at = 1; at <= n; at++)
            if (index(cell[at], " "))
                cell[at] = trimmed(cell[at])
        return n
    }
    n = 0
    length_ = length(line)
    at = 1
    do {
        text = ""
        while (substr(line, at, 1) == " ")
            at++
        if (substr(line, at, 1) == "\"") {
            is_open = 1
            for (at++; at <= length_; at++) {
                c = substr(line, at, 1)
                if (c == "\"" && substr(line, ++at, 1) != "\"") {
                    is_open = 0
                    break
                }
                text = text c
            }
            if (is_open)
                return -1
            while (delimiter != " " && substr(line, at, 1) == " ")
                at++
            if (at <= length_ && substr(line, at, 1) != delimiter)
                return -1
        } else {
            while (at <= length_ && substr(line, at, 1) != delimiter)
                text = text substr(line, at++, 1)
        }
        cell[++n] = trimmed(text)
    } while (at++ <= length_)
    return n
}

# ---- Numbers ---------------------------------------------------------------------------------------

# sign * whole.fraction, without exponent and needless zeros
function take(text, number,    sign, exponent, at, whole, fraction) {
    sign = 1
    if (text ~ /^[+-]/) {
        sign = text ~ /^-/ ? -1 : 1
        text = substr(text, 2)
    }
    exponent = 0
    if (match(text, /[eE]/)) {
        exponent = substr(text, RSTART + 1) + 0
        text = substr(text, 1, RSTART - 1)
    }
    at = index(text, ".")
    whole = at ? substr(text, 1, at - 1) : text
    fraction = at ? substr(text, at + 1) : ""
    for (; exponent > 0; exponent--) {
        whole = whole (fraction == "" ? "0" : substr(fraction, 1, 1))
        fraction = substr(fraction, 2)
    }
    for (; exponent < 0; exponent++) {
        fraction = (whole == "" ? "0" : substr(whole, length(whole))) fraction
        whole = substr(whole, 1, length(whole) - 1)
    }
    sub(/^0+/, "", whole)
    sub(/0+$/, "", fraction)
    number["sign"] = whole fraction == "" ? 0 : sign
    number["length"] = length(whole)
    number["digits"] = whole "." fraction
}

# -1, 0 or 1: a is less, equal or greater
function compare_exactly(a, b,    x, y) {
    take(a, x)
    take(b, y)
    if (x["sign"] != y["sign"])
        return x["sign"] < y["sign"] ? -1 : 1
    if (x["length"] != y["length"])
        return x["length"] < y["length"] ? -x["sign"] : x["sign"]
    return x["digits"] < y["digits"] ? -x["sign"] : x["digits"] > y["digits"] ? x["sign"] : 0
}

function is_infinite(text) {
    return tolower(text) ~ /^[+-]?inf(inity)?$/
}

function value(text) {
    if (is_infinite(text))
        return text ~ /^-/ ? -infinity : infinity
    return text + 0
}

function compare(text, bound,    x, y) {
    if (text ~ /^[+-]?[0-9]+$/ && !is_infinite(bound))
        return compare_exactly(text, bound)
    x = value(text)
    y = value(bound)
    return x < y ? -1 : x > y
}

# "in", "out", "missing" or "bad"
function kind(text,    lower) {
    lower = tolower(text)
    if (lower == "" || lower == "na" || lower == "nan" || lower == "null")
        return "missing"
    if (text !~ /^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$/ && !is_infinite(text))
        return "bad"
    if ((min != "" && compare(text, min) < 0) || (max != "" && compare(text, max) > 0))
        return "out"
    return "in"
}

# ---- Rows ------------------------------------------------------------------------------------------

# False for a bad row, `column` then being that of the cell.
function add_row(    n, i, k, count, missing_here) {
    n = cells($0)
    column = 0
    if (n != width)
        return 0
    for (i = 1; i <= n; i++) {
        if (selected_count && !(i in selected))
            continue
        if (!(cell[i] in kinds))
            kinds[cell[i]] = kind(cell[i])
        k = kinds[cell[i]]
        if (k == "bad") {
            column = i
            return 0
        }
        count += k == "in"
        missing_here += k == "missing"
    }
    rows++
    missing += missing_here
    in_range += count
    histogram[count + 0]++
    if (counts != "")
        print count + 0 >counts
    return 1
}

!is_prepared { prepare() }
FNR == 1 {
    sub(/^\357\273\277/, "")
    is_header = header
}
{ sub(/\r$/, "") }
/^[ \t]*$/ && (delimiter != "\t" || index($0, "\t") == 0) { next }
width == 0 {
    width = cells($0)
    if (!selected_count)
        selected_count_all = width
}
is_header {
    is_header = 0
    next
}
!add_row() {
    bad++
    if (!skip_bad) {
        print "bad", FILENAME, FNR, column
        exit
    }
}

END {
    if (bad && !skip_bad)
        exit
    n = selected_count ? selected_count : selected_count_all + 0
    printf "%d %d %d %d %d %d", rows, n, rows * n - missing, missing, in_range, histogram[0]
    for (i = 1; i <= n; i++)
        printf ", %d", histogram[i]
    if (skip_bad)
        printf " bad %d", bad
    printf "\n"
}
