# The examples give the tutorials' answers on every backend, and the README shows them as they are.
. "$srcdir/tests/tap.sh"

says() {
    expected=$1
    shift
    got=$(limit 30 "$@")
    [ "$got" = "$expected" ] || { echo "got '$got', not '$expected'"; return 1; }
}

# everywhere EXAMPLE ANSWER: on every backend; in the answer N stands for the number of workers
everywhere() {
    for backend in serial threads fork; do
        for workers in 1 3; do
            [ $backend = serial ] && [ $workers -gt 1 ] && continue
            check "$1 on $backend, $workers workers" says "$(echo "$2" | sed "s/N/$workers/")" \
                env TRIREME_BACKEND=$backend TRIREME_WORKERS=$workers "src/examples/$1"
        done
    done
    if [ "$MPIEXEC" = no ]; then
        skip "$1 on mpi" "this build has no MPI"
    else
        check "$1 on mpi" says "$(echo "$2" | sed "s/N/4/")" "$MPIEXEC" -n 4 "src/examples/$1"
    fi
}

everywhere 01_pi "3.141592653589794 on N workers"
everywhere 02_howmany_within_range "0: 6346
1: 31312
2: 62388
3: 62266
4: 31330
5: 6358"

in_readme() {
    sed -n '/^```c$/,/^```$/p' "$srcdir/README.md" | sed '/^```/d' | diff - "$srcdir/src/examples/01_pi.c"
}
check "01_pi is the program in the README" in_readme

done_testing
