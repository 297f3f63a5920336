# The examples give the tutorials' answers on every backend, and the README shows them as they are.
. "$srcdir/tests/tap.sh"

says() {
    expected=$1
    shift
    got=$(limit 30 "$@")
    [ "$got" = "$expected" ] || { echo "got '$got', not '$expected'"; return 1; }
}

pi=3.141592653589794
for backend in serial threads fork; do
    for workers in 1 3; do
        [ $backend = serial ] && [ $workers -gt 1 ] && continue
        check "01_pi on $backend, $workers workers" says "$pi on $workers workers" \
            env TRIREME_BACKEND=$backend TRIREME_WORKERS=$workers src/examples/01_pi
    done
done
if [ "$MPIEXEC" = no ]; then
    skip "01_pi on mpi" "this build has no MPI"
else
    check "01_pi on mpi" says "$pi on 4 workers" "$MPIEXEC" -n 4 src/examples/01_pi
fi

in_readme() {
    sed -n '/^```c$/,/^```$/p' "$srcdir/README.md" | sed '/^```/d' | diff - "$srcdir/src/examples/01_pi.c"
}
check "01_pi is the program in the README" in_readme

done_testing
