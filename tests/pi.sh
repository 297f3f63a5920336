#!/bin/sh
# The program pi from the outside.
. "$srcdir/tests/tap.sh"
check "prints pi" limit 10 ./pi
done_testing
