#!/bin/sh
# Prints the README's table of figures: each a ratio of two medians taken in turn in one run on this
# machine. Run it as `make bench`, on a machine that does nothing else.
. ./tests/environment.sh
cpus=$(./pi --json -s 1 | sed 's/.*"workers": \([0-9]*\).*/\1/')

. "$srcdir/bench/table.sh"

echo "$(uname -m), $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $cpus usable CPUs"
echo
row "what" "Trireme" "against" "ratio" "goal"
row "---" "---" "---" "---" "---"

# the best SIMD level is the first line after the two of the heading
set -- $(bench/midpoint | sed -n 3p)
row "kernel, $1, one core" "$3 ns a step" "the plain loop, -O3 -march=native -ffast-math -fopenmp, $2 ns" "${4%x}×" "≥ 1.9×"

if command -v python3 >/dev/null; then
    pair 5 "./pi -w 2" "python3 $srcdir/bench/tutorial_pool.py"
    row "\`./pi -w 2\`, 1e8 steps, whole process" "$a ms" "the tutorial's Python Pool, $b ms" "${ratio}×" "≥ 300×, ≤ 10 ms"
fi

pair 15 "./pi -s 1e10 -w 2" "./pi -s 1e10 -w 1"
row "\`./pi -s 1e10\`, 2 workers, whole process" "$a ms" "1 worker, $b ms" "$(calc "$ratio / 2") of 2×" "≥ 0.97"

row "a rank fails, the other does not look: until the error (fork)" "$(bench/failure) s" "" "" "≤ 1 s"
row "a rank is killed, the other does not look: until the error (fork)" "$(bench/failure die) s" "" "" "≤ 1 s"

if [ "$MPIEXEC" != no ]; then
    pair 15 "$MPIEXEC -n 2 bench/bare_mpi" "$MPIEXEC -n 2 ./pi"
    row "\`mpirun -np 2 ./pi\`, 1e8 steps, whole" "$b ms" "bare MPI with the same loop, $a ms" "${ratio}× its time" "≤ 1.05×"
    row "7 idle ranks for 5 s, their CPU time in all" "$("$MPIEXEC" -n 8 bench/idle) s" "" "" "< 0.5 s"
fi

sh "$srcdir/bench/rowcount.sh"
sh "$srcdir/bench/thumbs.sh"
sh "$srcdir/bench/pool.sh"
sh "$srcdir/bench/objects.sh"
