# The layers of the source: who may include and call what.
. "$srcdir/tests/tap.sh"
cd "$srcdir" || exit 1

# Fails and shows the lines if a file among those named has the pattern.
none() {
    pattern=$1
    shift
    grep -rnE -e "$pattern" "$@"
    test $? -eq 1
}

# The same, with a second pattern for the lines that are allowed.
none_but() {
    pattern=$1 allowed=$2
    shift 2
    ! grep -rnE -e "$pattern" "$@" | grep -vE -e "$allowed"
}

standard='assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|time|uchar|wchar|wctype'
concurrency='pthread|semaphore|threads|sched|signal|spawn|poll|sys/(mman|wait|socket|signalfd|eventfd|prctl|ipc|sem|shm|msg)|linux/.*'
backends='SERIAL|THREADS|FORK|MPI'

check "trireme.h includes only standard C headers" \
    none_but '^ *# *include' "<($standard)\.h>" include/trireme.h
check "src/core includes no system concurrency header" \
    none_but "^ *# *include *<($concurrency)\.h>" 'src/core/cpu\.c:.*<sched\.h>' src/core
check "src/core never asks which backend it runs on" \
    none "([!=]= *|case +)TRI_BACKEND_($backends)\b|TRI_BACKEND_($backends) *[!=]=|strcmp\(.*\"(serial|threads|fork|mpi)\"" src/core
check "only src/mpi includes mpi.h" \
    none '^ *# *include.*\bmpi\.h' include src/core src/local src/kernels src/programs
check "only src/mpi calls MPI" none '\bMPI_[A-Z][a-z_]+ *\(' include src/core src/local src/kernels src/programs
check "only the fork server forks" none_but '\bv?fork *\(\)' '^src/local/forkserver\.c:' include src
check "backends never call up" none '\btri_(team_run|pool|submit|future|process)[a-z_]* *\(' src/local src/mpi
check "the library includes no GSL, no libvips, no kernels and no programs" \
    none '^ *# *include.*(gsl/|vips/|midpoint|montecarlo|simd|stream|digits|bounds|rows|csv|npy|values|cli|progress|report)' include src/core src/local src/mpi
check "src/kernels includes no threads and no MPI" \
    none "^ *# *include *<($concurrency|mpi)\.h>" src/kernels

# Each "header.h" that a kernel includes lies beside it.
kernels_keep_to_themselves() {
    for header in $(sed -n 's/^ *# *include *"\(.*\)".*/\1/p' src/kernels/*); do
        test -e "src/kernels/$header" || { echo "$header is not in src/kernels"; return 1; }
    done
}
check "src/kernels includes nothing of ours from elsewhere" kernels_keep_to_themselves

done_testing
