# For a test that starts daemons or mounts something: it runs in namespaces of its own, and all that
# it started ends with it, even if it is killed.
#
#     alone_missing    prints why that cannot be, or fails
#     alone            runs the script again in there; $alone is the process id that it had outside

alone_missing() {
    [ "$(id -u)" -eq 0 ] || { echo "only root can make namespaces"; return; }
    unshare --pid --fork --mount-proc true 2>/dev/null || { echo "this system allows no namespaces"; return; }
    return 1
}

alone() {
    [ -n "${alone-}" ] || srcdir=$srcdir alone=$$ exec unshare --pid --fork --kill-child --mount-proc sh "$0"
}
