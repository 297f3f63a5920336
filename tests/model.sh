# The models of how objects and a pool's work are waited for, checked with spin where that is installed.
. "$srcdir/tests/tap.sh"
command -v spin >/dev/null || skip_all "spin is not installed"
models=$(cd "$srcdir/tests/model" && pwd)
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# explore MODEL [-D…]: goes through all states that can be reached
explore() {
    model=$1
    shift
    cd "$folder" && spin "$@" -a "$model" && ${CC-cc} -w -O2 -DSAFETY -o pan pan.c &&
        limit 120 ./pan -m100000 >log && ! grep 'too small' log
}

# There is no deadlock, and no assertion fails.
holds() {
    explore "$@" && grep 'errors: 0' log
}

# mistake MODEL CHANGE [-D…]: with one line changed that is found, or the model says nothing
mistake() {
    sed "$2" "$models/$1.pml" >"$folder/$1.pml"
    model=$folder/$1.pml
    shift 2
    explore "$model" "$@" && grep 'errors: 1' log
}

check "word: nobody sleeps for ever, and no two have it" holds "$models/word.pml"
check "word: a mistake in it is found" \
    mistake word 's/compare_exchange(0, 2 \* i + 1)/compare_exchange(0, 2 * i)/'
check "waiting: nobody sleeps for ever, though one is killed and one gives up" \
    holds "$models/waiting.pml"
check "waiting: a mistake in it is found" \
    mistake waiting 's/:: signal\[i\] -> asleep\[i\] = false/:: signal[i]/'
check "waiting: two are given, two are taken" holds "$models/waiting.pml" -DUNITS=2
check "waiting: a mistake in that is found" \
    mistake waiting 's/remove(i); take(i, woken)/take(i, woken); remove(i)/' -DUNITS=2
check "work: all jobs are done, and no worker is left asleep" holds "$models/work.pml"
check "work: a mistake in it is found" \
    mistake work 's/:: has_slept && jobs > job ->/:: has_slept \&\& jobs > job \&\& (work \& 1) ->/'
done_testing
