# A Slurm cluster of this test's own, on this machine: munged, slurmctld and a slurmd a node, all
# state in one folder.
#
#     cluster_missing              prints why there can be none, or fails
#     cluster_start FOLDER NODES CPUS
#                                  nodes with so many CPUs; call it `alone`
#     cluster_stop                 ends the daemons; call it before FOLDER is removed
#
# Between them sbatch, srun and salloc work. The nodes n1, n2 ... differ in name and port only, and
# share this host's name, which asks for two things:
#
#   - each its own TmpFS, or the second one's PMIx cannot make its folder;
#   - OMPI_MCA_btl=tcp,self, as Open MPI's shared memory takes ranks of one host name to be of one
#     node, and crashes.

cluster_daemons=''

cluster_missing() {
    for command in munged slurmctld slurmd srun sbatch salloc; do
        command -v $command >/dev/null || { echo "there is no $command"; return; }
    done
    return 1
}

# In a session of its own, for Ctrl-C to leave it to the end.
cluster_daemon() {
    setsid "$@" </dev/null >>"$cluster/log" 2>&1 &
    cluster_daemons="$! $cluster_daemons"
}

# Two clusters at once have other ports, as the tests that start them have other process ids.
cluster_start() {
    cluster=$1
    port=$((10000 + alone % 2000 * 10))
    host=$(hostname)
    host=${host%%.*}
    chmod 755 "$cluster" # munge insists: others may use it
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
    if cluster_await test -S "$cluster/munge.socket"; then
        cluster_daemon slurmctld -D -c
        for node in $(seq "$2"); do
            cluster_daemon slurmd -D -N "n$node"
        done
        cluster_await cluster_is_idle "$2" && return
    fi
    cat "$cluster/log"
    return 1
}

cluster_is_idle() {
    [ "$(timeout 5 sinfo -h -t idle -o %D 2>/dev/null)" = "$1" ]
}

# Waits until the command is true, for ten seconds or so.
cluster_await() {
    deadline=$(($(date +%s) + 10))
    until "$@"; do
        [ "$(date +%s)" -le $deadline ] || return 1
        sleep 0.1
    done
}

cluster_stop() {
    kill $cluster_daemons 2>/dev/null
    wait $cluster_daemons
}
