#!/bin/sh
# on.sh HOST WORDS...: runs a line of shell on a host of network.sh, in the current folder. To mpirun
# it is what ssh is elsewhere.
host=$1
shift
exec nsenter --target "$(cat "$HOSTS/$host.pid")" --net --uts --ipc --mount /bin/sh -c "cd '$PWD' && $*"
