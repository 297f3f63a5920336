/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a pool's workers learn of jobs (src/local/pool.c, tell_workers; worker.c, work). `work` is a
 * futex: a count of what was told, times two, and 1 when somebody may sleep on it. The owner
 * submits two jobs of one task each, and closes the pool, at once or when they are done. The first
 * task does not end before the second has begun: so a worker must not be left asleep while there is
 * something to do.
 *
 * Found out: both are done, and all workers end.
 */
#define WORKERS 2
#define JOBS 2

byte work = 0, jobs = 0, head = 0; /* the head is the number of a job, at first of none */
bool is_closing = false, claimed[JOBS + 1];
bool asleep[WORKERS], spins[WORKERS];

inline change(new) {
    do
    :: old = work;
       d_step {
           if
           :: work == old -> work = new; is_changed = true
           :: else -> is_changed = false
           fi
       }
       if
       :: is_changed -> break
       :: else
       fi
    od
}

/* Any one of those who sleep. */
inline wake_one(woken) {
    atomic {
        if
        :: asleep[0] -> asleep[0] = false; woken++
        :: asleep[1] -> asleep[1] = false; woken++
        :: else
        fi
    }
}

proctype owner() {
    byte old, wanted, woken;
    bool is_changed, waits;
    do
    :: jobs < JOBS ->
        jobs++;
        change((old + 2) & 254);
        if
        :: (old & 1) ->
            wanted = 1;
            woken = 0;
            if
            :: spins[0] -> wanted = 0
            :: else
            fi;
            if
            :: spins[1] -> wanted = 0
            :: else
            fi;
            if
            :: wanted > 0 -> wake_one(woken)
            :: else
            fi;
            if
            :: woken == wanted -> change(old | 1)
            :: else
            fi
        :: else
        fi
    :: else -> break
    od;
    if
    :: waits = true
    :: waits = false
    fi;
    !waits || (claimed[1] && claimed[2]);
    is_closing = true;
    change((old + 2) & 254);
    atomic {
        asleep[0] = false;
        asleep[1] = false
    }
}

proctype worker(byte i) {
    byte seen, job, woken;
    bool closes, has_slept = false, has_it;
again:
    seen = work;
    closes = is_closing;
    job = head;
    d_step {
        has_it = job > 0 && !claimed[job];
        if
        :: has_it -> claimed[job] = true
        :: else
        fi
    }
    if
    :: has_it ->
        if
        :: has_slept && jobs > job -> wake_one(woken)
        :: else
        fi;
        has_slept = false;
        job != 1 || claimed[2];
        goto again
    :: else
    fi;
    if
    :: jobs > job ->
        d_step {
            if
            :: head == job -> head = job + 1
            :: else
            fi
        }
        goto again
    :: else
    fi;
    if
    :: closes -> goto ended
    :: else
    fi;
    spins[i] = true;
    if
    :: work != seen -> spins[i] = false; has_slept = true; goto again
    :: true -> spins[i] = false /* long enough */
    fi;
    has_slept = true;
    if
    :: jobs > job -> goto again
    :: else
    fi;
    d_step {
        has_it = (seen & 1) || work == seen;
        if
        :: !(seen & 1) && has_it -> work = seen | 1
        :: else
        fi
    }
    if
    :: has_it ->
        d_step {
            if
            :: work == (seen | 1) -> asleep[i] = true
            :: else
            fi
        }
        !asleep[i]
    :: else
    fi;
    goto again;
ended:
    assert(claimed[1] && claimed[2])
}

init {
    atomic {
        run owner();
        run worker(0);
        run worker(1)
    }
}
