# Hosts h1, h2 ... of this test's own, on this machine: each has its own network, name, /etc/hosts and
# shared memory, and has processes and files in common with the others.
#
#     hosts_missing                prints why there can be none, or fails
#     hosts_start FOLDER COUNT     $HOSTS is then FOLDER; call it `alone`
#     on.sh HOST WORDS...          runs a line of shell there
#     hosts_processes HOST         lists the processes there
#
# A host is the namespaces of a process that sleeps. They are joined by a bridge in namespaces of
# its own, so that nothing has a name outside, and all is gone once the processes have ended.

hosts_missing() {
    for command in ip nsenter unshare; do
        command -v $command >/dev/null || { echo "there is no $command"; return; }
    done
    unshare --net --uts --ipc --mount sh -c \
        'ip link add type veth && ip link add type bridge && hostname x && mount -t tmpfs x /dev/shm' \
        2>/dev/null || { echo "this system allows no network namespaces with veth and bridge"; return; }
    return 1
}

# hosts_add NAME LINE-OF-SHELL: in a session of its own, for Ctrl-C to leave it to the end
hosts_add() {
    setsid unshare --net --uts --ipc --mount sh -c \
        "$2"' && echo $$ >"$0" && exec sleep 86400' "$HOSTS/$1.pid" </dev/null >"$HOSTS/$1.log" 2>&1 &
    for try in $(seq 50); do
        [ ! -s "$HOSTS/$1.pid" ] || return 0
        sleep 0.1
    done
    cat "$HOSTS/$1.log"
    return 1
}

# hosts_ip NAME ARGUMENT...: ip(8) there
hosts_ip() {
    name=$1
    shift
    nsenter --target "$(cat "$HOSTS/$name.pid")" --net ip "$@"
}

hosts_start() {
    export HOSTS="$1"
    echo "127.0.0.1 localhost" >"$HOSTS/hosts"
    for i in $(seq "$2"); do
        echo "10.77.0.$i h$i" >>"$HOSTS/hosts"
    done
    hosts_add switch "ip link add switch type bridge && ip link set switch up" || return 1
    for i in $(seq "$2"); do
        hosts_add "h$i" "hostname h$i && mount --bind '$HOSTS/hosts' /etc/hosts &&
            mount -t tmpfs -o mode=1777 tmpfs /dev/shm && ip link set lo up" &&
            hosts_ip switch link add "h$i" type veth \
                peer name eth0 netns "$(cat "$HOSTS/h$i.pid")" &&
            hosts_ip switch link set "h$i" master switch up &&
            hosts_ip "h$i" address add "10.77.0.$i/24" dev eth0 &&
            hosts_ip "h$i" link set eth0 up || return 1
    done
}

# All but the one that sleeps.
hosts_processes() {
    sleeper=$(cat "$HOSTS/$1.pid")
    find -L /proc/[0-9]*/ns/net -samefile "/proc/$sleeper/ns/net" 2>/dev/null |
        cut -d / -f 3 | grep -vx "$sleeper"
}
