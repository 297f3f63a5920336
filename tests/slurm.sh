# pi on a Slurm cluster: the batch script, srun with and without MPI, and how many CPUs pi uses.
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/alone.sh"
. "$srcdir/tests/slurm/cluster.sh"

PATH=$PATH:/usr/sbin:/sbin
reason=$(alone_missing || cluster_missing) && skip_all "$reason"
alone

folder=$(mktemp -d) || exit 1
trap 'cluster_stop; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP
cluster_start "$folder" 2 2 || exit 1

# The nodes share this host: no shared memory between them.
export OMPI_MCA_btl=tcp,self

# In a build with the address sanitizer: what Open MPI does not free is not ours (see .ci/run).
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# A node has two CPUs, whatever this machine has.
local_json=$(limit 60 ./pi --json)
hex=$(echo "$local_json" | json value_hex)
both=$(echo "$local_json" | json workers)
[ "$both" -le 2 ] || both=2

# expects BACKEND WORKERS COMMAND...: the command prints pi's JSON with these, and the bits of ./pi.
expects() {
    backend=$1 workers=$2
    shift 2
    "$@" >"$folder/out"
    status=$?
    cat "$folder/out"
    [ $status -eq 0 ] && [ "$(json backend <"$folder/out")" = "$backend" ] &&
        [ "$(json workers <"$folder/out")" = "$workers" ] &&
        [ "$(json value_hex <"$folder/out")" = "$hex" ]
}

# batch OPTION... SCRIPT ARGUMENT...: what a batch job prints, and its exit status
batch() {
    limit 60 sbatch --wait --quiet --output="$folder/job" "$@"
    status=$?
    cat "$folder/job"
    return $status
}

# ---- Batch jobs --------------------------------------------------------------------------------

script=$srcdir/jobs/pi.sbatch

# The exit status of the job is pi's, and only rank 0 says why.
refused() {
    batch "$script" --steps none >"$folder/out"
    status=$?
    cat "$folder/out"
    [ $status -eq 2 ] && [ "$(grep -c "^pi: --steps 'none'" "$folder/out")" -eq 1 ]
}

rowcounts() {
    table="--json --random 100000x5 --min 4 --max 8"
    batch "$srcdir/jobs/rowcount.sbatch" $table >"$folder/out"
    cat "$folder/out"
    [ "$(json workers <"$folder/out")" = 4 ] && [ "$(json backend <"$folder/out")" = mpi ] &&
        [ "$(json in_range <"$folder/out")" = "$(limit 30 ./rowcount $table | json in_range)" ]
}

case $("$MPIEXEC" --version 2>&1) in
*HYDRA*) export SLURM_MPI_TYPE=pmi2 ;; # MPICH's
esac
if [ "$MPIEXEC" = no ]; then
    skip "jobs/pi.sbatch and rowcount.sbatch" "this build has no MPI"
else
    check "jobs/pi.sbatch as it is: 4 ranks on 2 nodes" \
        expects mpi 4 batch "$script" --json --steps 1e8
    check "jobs/pi.sbatch with other numbers: 3 ranks" \
        expects mpi 3 batch --ntasks=3 "$script" --json --steps 1e8
    check "jobs/pi.sbatch ends with pi's status" refused
    check "jobs/rowcount.sbatch: 4 ranks on 2 nodes count what one process does" rowcounts
fi

# ---- srun --------------------------------------------------------------------------------------

no_mpi() {
    limit 20 srun --mpi=none -n 2 ./pi >"$folder/out" 2>"$folder/err"
    status=$?
    cat "$folder/out" "$folder/err"
    [ $status -eq 1 ] && [ ! -s "$folder/out" ] && [ "$(grep -c '^pi: ' "$folder/err")" -eq 1 ] &&
        grep -q '^pi: srun started 2 tasks without MPI support: use srun --mpi=pmix (for MPICH --mpi=pmi2)$' "$folder/err"
}
check "srun --mpi=none: one line says what to use" no_mpi
check "srun of one task runs locally" expects fork 1 limit 20 srun -n 1 ./pi --json
check "and without MPI too" expects fork 1 limit 20 srun --mpi=none -n 1 ./pi --json

# ---- How many CPUs pi uses ---------------------------------------------------------------------

name="a worker for each CPU granted"
check "$name: 1 of 2, srun" expects fork 1 limit 20 srun -n 1 -c 1 ./pi --json
check "$name: 2 of 2, srun" expects fork "$both" limit 20 srun -n 1 -c 2 ./pi --json
check "$name: 1 of 2, srun in salloc" \
    expects fork 1 limit 20 salloc --quiet -n 2 srun -n 1 -c 1 ./pi --json
check "$name: 2 of 2, srun in salloc" expects fork "$both" \
    limit 20 salloc --quiet -n 1 -c 2 srun -n 1 -c 2 ./pi --json
check "$name: all of the login node, salloc without srun" \
    expects fork "$(echo "$local_json" | json workers)" limit 20 salloc --quiet -n 1 ./pi --json
check "$name: 1 of 2, batch script without srun" expects fork 1 batch -n 1 --wrap './pi --json'
check "$name: 2 of 2, batch script without srun" expects fork "$both" batch -n 2 --wrap './pi --json'
check "$name: 1 of 2 on each node, batch script without srun" \
    expects fork 1 batch -N 2 --ntasks-per-node=1 --wrap './pi --json'

done_testing
