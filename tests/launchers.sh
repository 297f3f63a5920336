# Launchers that do not fit the program: each is an error in one line that names the cure.
. "$srcdir/tests/tap.sh"

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# refused CURE COMMAND...: fails, prints nothing on stdout, and one line of pi's on stderr, with CURE
refused() {
    cure=$1
    shift
    limit 60 "$@" >"$folder/out" 2>"$folder/err"
    status=$?
    echo "status $status"
    cat "$folder/out" "$folder/err"
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        [ "$(grep -c 'pi[a-z_]*: ' "$folder/err")" -eq 1 ] &&
        grep -q "^pi[a-z_]*: .* started 3 processes, but $cure" "$folder/err"
}

# ---- The launcher of another MPI ---------------------------------------------------------------

name="mpirun of another MPI"
case $("$MPIEXEC" --version 2>&1) in
*HYDRA*) other=mpiexec.openmpi sees='MPI (MPICH.*) sees 1' ;;
*) other=mpiexec.mpich sees='MPI (Open MPI.*) sees 1' ;;
esac
if [ "$MPIEXEC" = no ]; then
    skip "$name" "this build has no MPI"
elif ! command -v $other >/dev/null; then
    skip "$name" "there is no $other"
else
    check "$name" refused "$sees: use the mpirun of the MPI that this program was built with" \
        $other -n 3 ./pi
fi

# ---- Two builds in one run ---------------------------------------------------------------------

two_builds() {
    limit 60 "$MPIEXEC" -n 1 ./pi : -n 1 tests/pi_other >"$folder/out" 2>"$folder/err"
    status=$?
    cat "$folder/out" "$folder/err"
    [ $status -ne 0 ] && [ $status -ne 124 ] && [ ! -s "$folder/out" ] &&
        grep -q '^pi: rank 1 on .* has another build of the program than rank 0' "$folder/err"
}
if [ "$MPIEXEC" = no ]; then
    skip "ranks of two builds" "this build has no MPI"
else
    check "ranks of two builds" two_builds
fi

# ---- A program without MPI ---------------------------------------------------------------------

found=no
for launcher in mpiexec.openmpi mpiexec.mpich; do
    command -v $launcher >/dev/null || continue
    found=yes
    check "$launcher with a build without MPI" \
        refused 'this build has no MPI: configure it with --with-mpi' $launcher -n 3 tests/pi_without_mpi
done
[ $found = yes ] || skip "a build without MPI" "there is no launcher"

done_testing
