/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The word of an object (src/local/objects.c): 0, or the number of the user who has it, twice, and
 * 1 for HAS_SLEEPERS. Three users take it and give it back; one may be killed at any instant, or
 * nobody. Those who sleep look, after a death, whether the one they wait for is dead, and take its
 * place.
 *
 * Found out: nobody sleeps for ever, and no two have the object at once.
 */
#define USERS 3

byte word = 0, inside = 0;
bool asleep[4], dead[4], is_death = false;

inline compare_exchange(old, new) {
    d_step {
        if
        :: word == old -> word = new; has_it = true
        :: else -> seen = word; has_it = false
        fi
    }
}

/* Any one of those who sleep. */
inline wake_one() {
    if
    :: asleep[1] -> asleep[1] = false
    :: asleep[2] -> asleep[2] = false
    :: asleep[3] -> asleep[3] = false
    :: else
    fi
}

proctype user(byte i; byte rounds) {
    byte seen = 0;
    bool has_it = false, has_slept = false;
    {
        do
        :: rounds > 0 ->
            compare_exchange(0, 2 * i);
            do
            :: has_it -> break
            :: !has_it && seen == 0 -> compare_exchange(0, 2 * i + 1)
            :: !has_it && seen != 0 && seen % 2 == 0 ->
                compare_exchange(seen, seen + 1);
                if
                :: has_it -> has_it = false; seen = seen + 1
                :: else
                fi
            :: !has_it && seen % 2 == 1 ->
                d_step {
                    if
                    :: word == seen -> asleep[i] = true
                    :: else
                    fi
                };
                if
                :: !asleep[i] -> seen = word
                :: is_death && asleep[i] -> /* the time is over */
                    asleep[i] = false;
                    if
                    :: dead[seen / 2] -> compare_exchange(seen, 2 * i + 1)
                    :: else -> seen = word
                    fi
                fi
            od;
            assert(inside == 0 || dead[inside]);
            inside = i;
            inside = 0;
            d_step {
                seen = word;
                word = 0;
                has_it = false
            };
            if
            :: seen % 2 == 1 -> atomic { wake_one() }
            :: else
            fi;
            rounds--
        :: else -> break
        od
    } unless { dead[i] };
    skip
}

proctype killer() {
    byte i;
    select(i : 0 .. USERS); /* 0: nobody */
    if
    :: i > 0 ->
        d_step {
            dead[i] = true;
            asleep[i] = false;
            is_death = true;
            if
            :: inside == i -> inside = 0
            :: else
            fi
        }
    :: else
    fi
}

init {
    atomic {
        run user(1, 2);
        run user(2, 1);
        run user(3, 1);
        run killer()
    }
}
