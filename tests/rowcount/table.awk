# Writes a table of random numbers as text.
#
#     awk -f table.awk rows=100 columns=5 seed=1 kind=digits /dev/null
#
# kind is digits (one each), integers or mixed (what a cell may be). Other assignments: delimiter=comma,
# and the shares from 0 to 1 of cells that are missing=, quotes= and spaces=, and of blank lines
# blanks=; header=1, bom=1, crlf=1, open=1 (no line break at the end), text=2 (a column of names with
# delimiters in them), and cell=12 at=40 for the text of one cell.

function pick(list,    words, n) {
    n = split(list, words, " ")
    return words[1 + int(n * rand())]
}

function number() {
    if (kind == "digits" || rand() < 0.2)
        return int(10 * rand())
    if (kind == "integers" || rand() < 0.3)
        return pick("1 -1 12 3 +4 007 123456789 -20 100000000000000000000 9007199254740993 8 -0 4 5 6")
    if (rand() < 0.2)
        return pick("inf -inf Infinity +INF 1e5 1E-05 -2.5e+3 5. .5 -.5 +0.0 4.0e0 40e-1 1e400 -1e-400")
    if (rand() < 0.3)
        return sprintf("%.6f", 20 * rand() - 6)
    return sprintf("%.17g", 20 * rand() - 6)
}

function a_cell(    text) {
    if (rand() < missing)
        text = delimiter == "space" ? pick("NA NaN null nan na NULL") : pick("NA NaN null nan na NULL - - -")
    else
        text = number()
    if (text == "-")
        text = ""
    if (++cells == at)
        text = cell
    if (rand() < quotes || (text == "" && (columns == 1 || delimiter == "space")))
        text = "\"" text "\""
    if (rand() < spaces)
        text = " " text "  "
    return text
}

function line_break() {
    printf crlf ? "\r\n" : "\n"
}

END {
    srand(seed)
    separators["comma"] = ","; separators["semicolon"] = ";"; separators["bar"] = "|"
    separators["tab"] = "\t"; separators["space"] = " "
    separator = separators[delimiter == "" ? "comma" : delimiter]
    if (bom)
        printf "\357\273\277"
    if (header) {
        for (i = 1; i <= columns; i++)
            printf "%s", (i > 1 ? separator : "") (i % 3 == 2 ? "\"name " i "\"" : "name_" i)
        line_break()
    }
    for (row = 1; row <= rows; row++) {
        for (i = 1; i <= columns; i++) {
            if (i > 1)
                printf "%s", separator
            if (i == text)
                printf "%s", rand() < 0.5 ? "\"Smith" separator " \"\"John\"\" " row "\"" : "Lee"
            else
                printf "%s", a_cell()
        }
        if (row < rows || !open)
            line_break()
        if (rand() < blanks)
            line_break()
    }
}
