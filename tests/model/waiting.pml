/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for an object (src/local/waiting.c): a lock that three users take and release, of whom
 * one may give up and one may be killed at any instant; or, with UNITS=2, a semaphore of which two
 * units are given by two, and taken by two others and kept. What is done with the object's own word
 * held is one step here; that word is modelled in word.pml. Sleeping and waking are a futex's: to
 * compare the word and to fall asleep is one step, to change the word and to wake are two.
 *
 * Found out: nobody sleeps for ever, and no more have it at once than there are units of it.
 */
#ifndef UNITS
#define UNITS 1
#endif
#define USERS 3
#define NOBODY 9

byte value = UNITS % 2;
byte list[USERS], waiting = 0;
bool has[USERS], signal[USERS], asleep[USERS], in_list[USERS], dead[USERS];
byte n;

inline add(i) {
    list[waiting] = i;
    waiting++;
    in_list[i] = true;
    signal[i] = false
}

inline remove(i) {
    n = 0;
    do
    :: list[n] != i -> n++
    :: else -> break
    od;
    do
    :: n + 1 < waiting -> list[n] = list[n + 1]; n++
    :: else -> break
    od;
    waiting--;
    in_list[i] = false
}

/* Says to the first of the list that it is to look; who has to be woken is in `woken`. */
inline nudge(woken) {
    woken = NOBODY;
    if
    :: waiting > 0 && !signal[list[0]] -> woken = list[0]; signal[woken] = true
    :: else
    fi
}

inline wake(woken) {
    if
    :: woken != NOBODY -> asleep[woken] = false
    :: else
    fi;
    woken = NOBODY
}

inline take(i, woken) {
    assert(value > 0);
    value--;
    has[i] = true;
    if
    :: value > 0 -> nudge(woken)
    :: else
    fi
}

inline give(i) {
    has[i] = false;
    value++;
    assert(value <= UNITS)
}

inline fall_asleep(i) {
    d_step {
        if
        :: !signal[i] -> asleep[i] = true
        :: else
        fi
    }
}

proctype user(byte i; byte rounds; bool may_give_up) {
    byte woken = NOBODY;
    {
        do
        :: rounds > 0 ->
            d_step {
                if
                :: value > 0 -> take(i, woken)
                :: else -> add(i)
                fi
            };
            wake(woken);
            do
            :: has[i] -> break
            :: else ->
                fall_asleep(i);
                if
                :: !asleep[i]
                :: may_give_up -> asleep[i] = false; goto gives_up
                fi;
                d_step {
                    signal[i] = false;
                    if
                    :: value > 0 && list[0] == i -> remove(i); take(i, woken)
                    :: else
                    fi
                };
                wake(woken)
            od;
            if
            :: UNITS == 1 ->
                d_step {
                    give(i);
                    nudge(woken)
                };
                wake(woken)
            :: else
            fi;
            rounds--
        :: else -> break
        od;
        goto ended;
gives_up:
        skip;
        d_step {
            if
            :: in_list[i] -> remove(i); nudge(woken)
            :: else
            fi
        };
        wake(woken)
    } unless { dead[i] };
ended:
    skip
}

proctype giver() {
    byte woken = NOBODY;
    d_step {
        value++;
        nudge(woken)
    };
    wake(woken)
}

/* The fork server: kills, and buries. Its wakes are not told from each other. */
proctype killer() {
    byte i, woken = NOBODY;
    select(i : 0 .. USERS - 1);
    skip;
    d_step {
        dead[i] = true;
        asleep[i] = false
    };
    d_step {
        if
        :: in_list[i] -> remove(i)
        :: else
        fi;
        if
        :: has[i] -> give(i)
        :: else
        fi;
        nudge(woken)
    };
    wake(woken);
    /* those whom the dead one had told to look and had not woken */
    i = 0;
    do
    :: i < USERS ->
        d_step {
            if
            :: signal[i] -> asleep[i] = false
            :: else
            fi
        };
        i++
    :: else -> break
    od
}

init {
    atomic {
#if UNITS == 1
        run user(0, 2, false);
        run user(1, 1, true);
        run user(2, 1, false);
        run killer()
#else
        run user(0, 1, false);
        run user(1, 1, false);
        run giver();
        run giver()
#endif
    }
}
