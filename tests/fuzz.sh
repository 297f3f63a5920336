# The fuzz harnesses over their corpora: once more what was once found, and one of each kind.
. "$srcdir/tests/tap.sh"

for harness in fuzz_bounds fuzz_csv fuzz_head fuzz_npy; do
    check "$harness: all of its corpus" limit 60 "tests/fuzz/$harness" "$srcdir/tests/fuzz/corpus/$harness"/*
done
done_testing
