/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes on one host: one worker each, forked or a thread, that runs one function. What is
 * shared with it lies in the arena; a process that has ended stays there until its owner forgets
 * it.
 */
#include "process.h"
#include "pool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The owner wants to know the process id. */
static const uint32_t AWAITED = UINT32_MAX;

struct local_process {
    struct tri_process process;
    struct tri__watcher watcher;
    const struct tri__workers *workers; /* NULL: it has run when it is started */
    uint64_t owner;                     /* the number of the process that started it */
    tri_function *function;
    void *argument; /* in the arena */

    int nudges;           /* the owner's */
    _Atomic uint32_t pid; /* written by the process; before it 0, or AWAITED */
    _Atomic int is_stopping;
    int exit_code; /* of a thread */

    /* guarded by the lock of ends.c */
    bool has_ended;
    bool is_killed; /* as a daemon, at the program's end */
    struct tri__worker_end end;
    struct local_process *previous, *following; /* in the ring of this process's children */
};

/* The children that have not been forgotten. */
static struct local_process children = {.previous = &children, .following = &children};

static _Thread_local struct local_process *self;

/* By SIGTERM, once tri_stop_requested was called. */
static volatile sig_atomic_t was_terminated;
static atomic_flag takes_termination = ATOMIC_FLAG_INIT;

static struct local_process *local(const tri_process *process)
{
    return (struct local_process *)process;
}

/* ---- In the process itself ------------------------------------------------------------- */

static void run(void *context, int number)
{
    struct local_process *process = context;
    (void)number;
    self = process;
    if (atomic_exchange(&process->pid, (uint32_t)getpid()) == AWAITED)
        tri__ends_nudge(process->nudges);
    process->exit_code = process->function(process->argument);
    self = NULL;
    if (process->workers == &tri__forked)
        exit(process->exit_code);
}

tri_process *tri__local_self(void)
{
    return self ? &self->process : NULL;
}

long tri__local_parent_id(void)
{
    return self && self->workers != &tri__forked ? (long)getpid() : tri__process_parent();
}

static void take_termination(int signal)
{
    (void)signal;
    was_terminated = 1;
}

bool tri__local_is_stopping(void)
{
    const struct worker *worker = tri__pool_self();
    if (worker && atomic_load(&worker->pool->is_stopping))
        return true;
    if (self && atomic_load(&self->is_stopping))
        return true;
    if (tri__process_parent() != 0 && !atomic_flag_test_and_set(&takes_termination))
        sigaction(SIGTERM, &(struct sigaction){.sa_handler = take_termination}, NULL);
    return was_terminated;
}

bool tri__local_is_in_task(void)
{
    return tri__pool_self() != NULL || self != NULL;
}

/* ---- Its owner ------------------------------------------------------------------------- */

static int check(const tri_process *process)
{
    if (local(process) == self)
        return tri_fail(TRI_ESTATE, "%s cannot do this with itself", process->name);
    if (local(process)->owner != tri__process_number())
        return tri_fail(TRI_ESTATE, "%s was started by another process", process->name);
    return 0;
}

static bool has_ended(void *process)
{
    return ((const struct local_process *)process)->has_ended;
}

static int join(tri_process *process, double timeout_s)
{
    if (tri__ends_wait(has_ended, process, tri__time_after(timeout_s)))
        return 0;
    return tri_fail(TRI_ETIMEOUT, "%s had not ended within %g s", process->name, timeout_s);
}

static int exit_code(const tri_process *process, int *code)
{
    const struct local_process *ended = local(process);
    int status = ended->end.status;
    if (ended->end.error != 0)
        return tri_fail(TRI_ESYS, "%s could not be started: %s", process->name,
                        strerror(ended->end.error));
    if (ended->workers != &tri__forked)
        *code = ended->exit_code & 0xff;
    else
        *code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

static int stop(tri_process *process, bool by_force)
{
    struct local_process *receiver = local(process);
    if (receiver->workers == &tri__forked)
        receiver->workers->signal(&receiver->watcher, 0, by_force ? SIGKILL : SIGTERM);
    else if (!by_force)
        atomic_store(&receiver->is_stopping, 1);
    else if (join(process, 0) != 0)
        return tri_fail(TRI_ENOTSUP, "%s is a thread, which cannot be killed", process->name);
    return 0;
}

static bool is_known(void *process)
{
    uint32_t pid = 0;
    if (has_ended(process))
        return true;
    atomic_compare_exchange_strong(&((struct local_process *)process)->pid, &pid, AWAITED);
    return pid != 0 && pid != AWAITED;
}

/* The process itself writes it; of one that was killed before, its end tells. */
static long id(const tri_process *process)
{
    struct local_process *wanted = local(process);
    if (local(process) != self && wanted->owner == tri__process_number())
        tri__ends_wait(is_known, wanted, TRI__FOR_EVER);
    uint32_t pid = atomic_load(&wanted->pid);
    return pid != 0 && pid != AWAITED ? (long)pid : wanted->end.pid;
}

static void release(struct local_process *process)
{
    tri__arena_free(process->argument);
    tri__arena_free(process);
}

static void forget(tri_process *process)
{
    struct local_process *ended = local(process);
    tri__ends_lock();
    ended->previous->following = ended->following;
    ended->following->previous = ended->previous;
    tri__ends_unlock();
    release(ended);
}

static const struct tri__process_functions functions = {
    check, join, exit_code, stop, id, forget,
};

/* ---- Starting -------------------------------------------------------------------------- */

static void take_end(struct tri__watcher *watcher, const struct tri__worker_end *end)
{
    struct local_process *process = end->context;
    (void)watcher;
    process->end = *end;
    process->has_ended = true;
}

static void add_child(struct local_process *process)
{
    tri__ends_lock();
    process->previous = children.previous;
    process->following = &children;
    children.previous->following = process;
    children.previous = process;
    tri__ends_unlock();
}

static int start(struct local_process *process)
{
    add_child(process);
    if (process->workers)
        return process->workers->start(&process->watcher, run, process, 0, 1);
    struct local_process *outer = self;
    run(process, 0);
    self = outer;
    process->has_ended = true;
    return 0;
}

int tri__local_process_start(const struct tri__workers *workers,
                             const struct tri__process_call *call, tri_process **result)
{
    int code = tri__ends_need();
    if (code != 0)
        return code;
    struct local_process *process = tri__arena_alloc(sizeof *process);
    void *argument = tri__arena_alloc(call->argument_size);
    if (process == NULL || argument == NULL) {
        tri__arena_free(process);
        tri__arena_free(argument);
        return TRI_ENOMEM;
    }
    if (call->argument_size > 0)
        memcpy(argument, call->argument, call->argument_size);
    process->process.functions = &functions;
    memcpy(process->process.name, call->name, sizeof call->name);
    process->process.is_daemon = call->is_daemon;
    process->watcher.on_end = take_end;
    process->workers = workers;
    process->owner = tri__process_number();
    process->nudges = tri__ends_nudges();
    process->function = call->function;
    process->argument = argument;
    code = start(process);
    if (code != 0)
        forget(&process->process);
    else
        *result = &process->process;
    return code;
}

/* ---- All of them ----------------------------------------------------------------------- */

static bool never(void *nothing)
{
    (void)nothing;
    return false;
}

size_t tri__local_children(tri_process **list, size_t count)
{
    size_t running = 0;
    if (tri__ends_need() != 0)
        return 0;
    tri__ends_wait(never, NULL, 0); /* reads what has come */
    tri__ends_lock();
    for (struct local_process *child = children.following; child != &children;
         child = child->following)
        if (!child->has_ended && running++ < count)
            list[running - 1] = &child->process;
    tri__ends_unlock();
    return running;
}

void tri__local_process_forget(void)
{
    self = NULL;
    was_terminated = 0;
    atomic_flag_clear(&takes_termination);
    children.previous = children.following = &children;
}

/* With the lock, as other threads may forget processes meanwhile: the first one of which that is
 * true and that runs. */
static struct local_process *find_running(bool (*is_wanted)(const struct local_process *))
{
    struct local_process *child = children.following;
    while (child != &children && (child->has_ended || !is_wanted(child)))
        child = child->following;
    return child == &children ? NULL : child;
}

static bool is_waited_for(const struct local_process *child)
{
    return child != self && !child->process.is_daemon;
}

/* A thread is left to itself. */
static bool is_to_be_killed(const struct local_process *child)
{
    return child->process.is_daemon && child->workers == &tri__forked && !child->is_killed;
}

static bool is_killed(const struct local_process *child)
{
    return child->is_killed;
}

static bool none_is_waited_for(void *nothing)
{
    (void)nothing;
    return find_running(is_waited_for) == NULL;
}

static bool none_is_dying(void *nothing)
{
    (void)nothing;
    return find_running(is_killed) == NULL;
}

static struct local_process *take_one_to_kill(void)
{
    tri__ends_lock();
    struct local_process *child = find_running(is_to_be_killed);
    if (child)
        child->is_killed = true;
    tri__ends_unlock();
    return child;
}

static void kill_daemons(void)
{
    for (struct local_process *child; (child = take_one_to_kill()) != NULL;)
        tri__forked.signal(&child->watcher, 0, SIGKILL);
    tri__ends_wait(none_is_dying, NULL, TRI__FOR_EVER);
}

/* Those that are waited for may still use pools. */
void tri__local_finish(void)
{
    if (tri__ends_nudges() < 0)
        return; /* this process has started nothing */
    tri__ends_wait(none_is_waited_for, NULL, TRI__FOR_EVER);
    tri__manager_finish();
    kill_daemons();
}
