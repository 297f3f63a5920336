/* Two processes change one balance, each change under a lock. With --no-lock some are lost: one
 * process writes what it has reckoned from a balance that the other has changed meanwhile. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trireme.h>

struct transactions {
    tri_value balance;
    tri_lock lock;
    int is_locked, amount;
};

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static int transact(const void *argument)
{
    const struct transactions *all = argument;
    int32_t balance;
    for (int i = 0; i < 10000; i++) {
        if (all->is_locked)
            check(tri_lock_acquire(all->lock, -1));
        check(tri_value_get(all->balance, &balance));
        if (i % 100 == 0)
            sched_yield(); /* a good moment for the other one to come between */
        balance += all->amount;
        check(tri_value_set(all->balance, &balance));
        if (all->is_locked)
            check(tri_lock_release(all->lock));
    }
    return 0;
}

static tri_process *start(struct transactions all, int amount)
{
    tri_process *process;
    all.amount = amount;
    check(tri_process_start(&process, transact, &all, sizeof all, NULL));
    return process;
}

static void end(tri_process *process)
{
    check(tri_process_join(process, -1));
    check(tri_process_free(process));
}

static int program(int argc, char **argv)
{
    struct transactions all = {.is_locked = argc < 2 || strcmp(argv[1], "--no-lock") != 0};
    check(tri_lock_new(&all.lock));
    for (int i = 0; i < 10; i++) {
        int32_t balance = 100;
        check(tri_value_new(&all.balance, TRI_INT32, &balance));
        tri_process *withdrawals = start(all, -1), *deposits = start(all, 1);
        end(withdrawals);
        end(deposits);
        check(tri_value_get(all.balance, &balance));
        printf("Final balance = %d\n", balance);
        check(tri_value_free(all.balance));
    }
    return tri_lock_free(all.lock);
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
