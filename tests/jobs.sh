# The batch scripts of systems that are not here. slurm.sh runs pi.sbatch in a cluster.
. "$srcdir/tests/tap.sh"

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# ---- Without the batch system ------------------------------------------------------------------

# three_ranks SCRIPT VARIABLE=VALUE...
three_ranks() {
    script=$1
    shift
    limit 30 env PATH="$folder/bin:$PATH" "$@" sh "$srcdir/jobs/$script" --json --steps 1e8 >"$folder/out" ||
        return 1
    cat "$folder/out"
    [ "$(json workers <"$folder/out")" = 3 ] &&
        [ "$(json value_hex <"$folder/out")" = "$(limit 30 ./pi --json | json value_hex)" ]
}

name="runs pi on the ranks granted"
if [ "$MPIEXEC" = no ]; then
    skip "pi.pbs, pi.lsf and pi.sge: $name" "this build has no MPI"
else
    mkdir "$folder/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$MPIEXEC" >"$folder/bin/mpirun"
    chmod +x "$folder/bin/mpirun"
    printf 'localhost\nlocalhost\nlocalhost\n' >"$folder/hosts"
    check "pi.pbs $name" three_ranks pi.pbs PBS_O_WORKDIR="$PWD" PBS_NODEFILE="$folder/hosts"
    check "pi.lsf $name" three_ranks pi.lsf LSB_DJOB_HOSTFILE="$folder/hosts"
    check "pi.sge $name" three_ranks pi.sge NSLOTS=3
fi

done_testing
