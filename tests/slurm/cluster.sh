# A Slurm cluster of this test's own, on this machine: munged, slurmctld and a slurmd a node, all
# state in one folder.
#
#     cluster_missing              prints why there can be none, or fails
#     cluster_start FOLDER NODES CPUS
#     cluster_stop                 to be called whatever happens, before FOLDER is removed
#
# Between them sbatch, srun and salloc work. The nodes n1, n2 ... differ in name and port only, and
# share this host's name, which asks for two things:
#
#   - each its own TmpFS, or the second one's PMIx cannot make its folder;
#   - OMPI_MCA_btl=tcp,self, as Open MPI's shared memory takes ranks of one host name to be of one
#     node, and crashes.

cluster_daemons=

cluster_missing() {
    for command in munged slurmctld slurmd srun sbatch salloc; do
        command -v $command >/dev/null || { echo "there is no $command"; return; }
    done
    [ "$(id -u)" -eq 0 ] || { echo "slurmd runs as root only"; return; }
    return 1
}

# Another session, so that Ctrl-C does not end the daemons before cluster_stop has ended the jobs.
cluster_daemon() {
    setsid "$@" </dev/null >>"$cluster/log" 2>&1 &
    cluster_daemons="$! $cluster_daemons"
}

# Two clusters at once have other ports, unless their process ids are 2000 apart.
cluster_start() {
    cluster=$1
    port=$((10000 + $$ % 2000 * 10))
    host=$(hostname)
    host=${host%%.*}
    mkdir "$cluster/state"
    (umask 077 && head -c 128 /dev/urandom >"$cluster/key")
    cat >"$cluster/slurm.conf" <<CONF
ClusterName=trireme
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd-%n.pid
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool-%n
TmpFS=$cluster/tmp-%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=0
MpiDefault=pmix
ReturnToService=2
KillWait=1
CONF
    node=0
    while [ $node -lt "$2" ]; do
        node=$((node + 1))
        mkdir "$cluster/spool-n$node" "$cluster/tmp-n$node"
        echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + node))" \
            "CPUs=$3 CoresPerSocket=$3 RealMemory=100"
    done >>"$cluster/slurm.conf"
    echo "PartitionName=all Nodes=n[1-$2] Default=YES" >>"$cluster/slurm.conf"
    export SLURM_CONF="$cluster/slurm.conf"

    cluster_daemon munged --foreground --key-file="$cluster/key" --socket="$cluster/munge.socket" \
        --pid-file="$cluster/munge.pid" --seed-file="$cluster/munge.seed" --log-file="$cluster/munge.log"
    cluster_await test -S "$cluster/munge.socket" || return 1
    cluster_daemon slurmctld -D -c
    for node in $(seq "$2"); do
        cluster_daemon slurmd -D -N "n$node"
    done
    cluster_await cluster_is_idle "$2" && return
    cat "$cluster/log"
    return 1
}

cluster_is_idle() {
    [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = "$1" ]
}

cluster_has_no_jobs() {
    [ -z "$(squeue -h 2>&1)" ]
}

# Waits until the command is true, for ten seconds at most.
cluster_await() {
    for try in $(seq 100); do
        "$@" && return
        sleep 0.1
    done
    return 1
}

# A job would outlive its slurmd, so the jobs are ended first.
cluster_stop() {
    [ -n "$cluster_daemons" ] || return 0
    squeue -h -o %A 2>/dev/null | xargs -r scancel
    cluster_await cluster_has_no_jobs
    kill $cluster_daemons 2>/dev/null
    wait $cluster_daemons 2>/dev/null
    cluster_daemons=
}
