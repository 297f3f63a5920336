# Turns numbers, one a line, into the bytes of an .npy file's data, written as printf reads them.
#
#     printf "$(awk -f npy.awk 'type=<i4' numbers)"

# The bytes of an integer of up to 20 digits, the least first.
function integer(text, size,    sign, i, j, n, rest, quotient, digit, carry) {
    sign = text ~ /^-/
    sub(/^[+-]/, "", text)
    for (i = 0; i < size; i++) {
        rest = 0
        quotient = ""
        n = length(text)
        for (j = 1; j <= n; j++) {
            rest = rest * 10 + substr(text, j, 1)
            digit = int(rest / 256)
            rest -= digit * 256
            quotient = quotient digit
        }
        byte[i] = rest
        text = quotient
    }
    carry = 1
    for (i = 0; sign && i < size; i++) {
        byte[i] = 255 - byte[i] + carry
        carry = byte[i] == 256
        byte[i] %= 256
    }
}

# The same of a floating point number. Rounds down to 24 bits: single ones have to fit.
function floating(text, size,    bias, bits, sign, x, exponent, least, i) {
    bias = size == 8 ? 1023 : 127
    bits = size == 8 ? 52 : 23
    for (i = 0; i < size; i++)
        byte[i] = 0
    sign = text ~ /^-/ ? 128 : 0
    x = text + 0
    if (x < 0)
        x = -x
    if (text ~ /nan/) {
        exponent = 2 * bias + 1
        x = 1.5
    } else if (text ~ /inf/) {
        exponent = 2 * bias + 1
        x = 1
    } else if (x > 0) {
        for (exponent = bias; x >= 2; exponent++)
            x /= 2
        for (; x < 1 && exponent > 1; exponent--)
            x *= 2
        if (x < 1)
            exponent = 0
    }
    if (exponent > 0)
        x -= 1
    for (i = 0; bits > 0; i++) {
        least = bits % 8 ? bits % 8 : 8
        x *= 2 ^ least
        byte[size - 2 - i] = int(x)
        x -= int(x)
        bits -= least
    }
    byte[size - 2] += (exponent * (size == 8 ? 16 : 128)) % 256
    byte[size - 1] = sign + int(exponent / (size == 8 ? 16 : 2))
}

{
    size = substr(type, 3)
    if (substr(type, 2, 1) == "f")
        floating($0, size)
    else
        integer($0, size)
    for (i = 0; i < size; i++)
        printf "\\%03o", byte[type ~ /^>/ ? size - 1 - i : i]
}
