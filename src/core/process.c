/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes: what trireme.h promises, over whatever backend. Arguments are checked here.
 */
#include "options.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static void name_process(struct tri__process_call *call, const char *name)
{
    static _Atomic unsigned started;
    unsigned number = atomic_fetch_add(&started, 1) + 1;
    if (name)
        snprintf(call->name, sizeof call->name, "%s", name);
    else
        snprintf(call->name, sizeof call->name, "process-%u", number);
}

int tri_process_start(tri_process **process, tri_function *function, const void *argument,
                      size_t argument_size, const tri_process_options *options)
{
    static const tri_process_options defaults;
    const struct tri__backend *backend;
    struct tri__process_call call = {function, argument, argument_size, "", false};
    if (process)
        *process = NULL;
    if (process == NULL || function == NULL || (argument == NULL && argument_size > 0))
        return tri_fail(TRI_EINVAL, "tri_process_start: the process, function or argument is NULL");
    options = options ? options : &defaults;
    backend = tri__options_backend(options->backend);
    if (backend == NULL)
        return TRI_EINVAL;
    if (backend->process_start == NULL)
        return tri_fail(TRI_ENOTSUP,
                        "the %s backend has no processes: use fork or threads (TRIREME_BACKEND)",
                        tri_backend_name(backend->id));
    name_process(&call, options->name);
    call.is_daemon = options->daemon != 0;
    return backend->process_start(&call, process);
}

static int check(const char *name, const tri_process *process)
{
    if (process == NULL)
        return tri_fail(TRI_EINVAL, "%s: the process is NULL", name);
    return process->functions->check(process);
}

int tri_process_join(tri_process *process, double timeout_s)
{
    int code = check("tri_process_join", process);
    return code ? code : process->functions->join(process, timeout_s);
}

static bool is_alive(const tri_process *process)
{
    return process->functions->join((tri_process *)process, 0) != 0;
}

int tri_process_alive(const tri_process *process)
{
    return check("tri_process_alive", process) == 0 && is_alive(process);
}

int tri_process_exit_code(const tri_process *process, int *exit_code)
{
    int code = check("tri_process_exit_code", process);
    if (code == 0 && exit_code == NULL)
        return tri_fail(TRI_EINVAL, "tri_process_exit_code: there is nowhere to put it");
    if (code == 0 && is_alive(process))
        return tri_fail(TRI_ESTATE, "%s is running", process->name);
    return code ? code : process->functions->exit_code(process, exit_code);
}

int tri_process_terminate(tri_process *process)
{
    int code = check("tri_process_terminate", process);
    return code ? code : process->functions->stop(process, false);
}

int tri_process_kill(tri_process *process)
{
    int code = check("tri_process_kill", process);
    return code ? code : process->functions->stop(process, true);
}

const char *tri_process_name(const tri_process *process)
{
    return process ? process->name : "";
}

int tri_process_daemon(const tri_process *process)
{
    return process != NULL && process->is_daemon;
}

long tri_process_id(const tri_process *process)
{
    return process ? process->functions->id(process) : 0;
}

tri_process *tri_process_self(void)
{
    return tri__local_self();
}

long tri_process_parent_id(void)
{
    return tri__local_parent_id();
}

size_t tri_process_children(tri_process **list, size_t count)
{
    return tri__local_children(list, list ? count : 0);
}

int tri_stop_requested(void)
{
    return tri__local_is_stopping();
}

int tri_process_free(tri_process *process)
{
    if (process == NULL)
        return 0;
    int code = check("tri_process_free", process);
    if (code == 0 && is_alive(process))
        return tri_fail(TRI_ESTATE, "%s is running: join it first", process->name);
    if (code == 0)
        process->functions->free(process);
    return code;
}
