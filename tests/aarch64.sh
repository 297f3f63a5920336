# The midpoint kernel gives the same bits on Arm as here, however the compiler is told to treat
# floating point: builds test_midpoint for aarch64, runs it under QEMU's user emulation and
# compares what it prints with the native program. In Debian: gcc-aarch64-linux-gnu, qemu-user.
. "$srcdir/tests/tap.sh"

compiler=aarch64-linux-gnu-gcc
libraries=/usr/aarch64-linux-gnu
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

command -v $compiler >/dev/null || skip_all "no $compiler"
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || skip_all "no qemu-aarch64"
echo 'int main(void) { return 0; }' >"$folder/empty.c"
{
    $compiler -o "$folder/empty" "$folder/empty.c" && "$emulator" -L $libraries "$folder/empty"
} >/dev/null 2>&1 || skip_all "$compiler and $emulator do not run an empty program"

same_bits() {
    # shellcheck disable=SC2086  # several flags
    $compiler -std=gnu11 $1 -o "$folder/arm" "$srcdir/tests/test_midpoint.c" \
        "$srcdir/src/kernels/midpoint.c" "$srcdir/src/kernels/simd.c" \
        -I"$srcdir/src/kernels" -lm &&
        limit 120 "$emulator" -L $libraries "$folder/arm" --bits >"$folder/arm.txt" &&
        diff "$folder/native.txt" "$folder/arm.txt"
}

limit 60 tests/test_midpoint --bits >"$folder/native.txt"
check "the native program prints bits" grep -q p "$folder/native.txt"
for flags in "-O2 -ffp-contract=off" "-O2 -ffp-contract=fast" \
    "-O3 -ffp-contract=fast -march=armv8.2-a+fp16+sve"; do
    check "aarch64, $flags: the bits of the native program" same_bits "$flags"
done
done_testing
