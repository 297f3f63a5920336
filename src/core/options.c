/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which backend, and how many workers: the caller's options first, then TRIREME_BACKEND and
 * TRIREME_WORKERS, then what fits the way the process was started.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

static const struct tri__backend *const backends[] = {
    &tri__backend_serial,
    &tri__backend_threads,
    &tri__backend_fork,
    &tri__backend_mpi,
};

static const char *const names[] = {
#define NAME(name, value, text) [value] = text,
    TRI_BACKEND_MAP(NAME)
#undef NAME
};

enum { BACKEND_COUNT = sizeof backends / sizeof *backends };

static tri_backend launched_for = TRI_BACKEND_FORK;

void tri__options_launched_for(tri_backend backend)
{
    launched_for = backend;
}

static const struct tri__backend *find(tri_backend id)
{
    for (int i = 0; i < BACKEND_COUNT; i++)
        if (backends[i]->id == id)
            return backends[i];
    tri_fail(TRI_EINVAL, "there is no backend with the number %d", (int)id);
    return NULL;
}

const struct tri__backend *tri__options_backend(tri_backend id)
{
    const char *name = getenv("TRIREME_BACKEND");
    if (id != TRI_BACKEND_DEFAULT)
        return find(id);
    if (name == NULL || *name == '\0')
        return find(launched_for);
    if (tri_backend_from_name(name, &id) == 0)
        return find(id);
    tri_fail(TRI_EINVAL, "TRIREME_BACKEND: %s", tri_error_message());
    return NULL;
}

const char *tri_backend_name(tri_backend id)
{
    const struct tri__backend *backend = tri__options_backend(id);
    return backend ? names[backend->id] : NULL;
}

int tri_backend_from_name(const char *name, tri_backend *backend)
{
    for (int i = 0; i < BACKEND_COUNT; i++)
        if (name != NULL && strcmp(name, names[backends[i]->id]) == 0) {
            *backend = backends[i]->id;
            return 0;
        }
    return tri_fail(TRI_EINVAL, "unknown backend '%s': use serial, threads, fork or mpi",
                    name ? name : "");
}

/* The number in TRIREME_WORKERS, 0 when it is not set. */
static int workers_in_environment(void)
{
    const char *text = getenv("TRIREME_WORKERS");
    if (text == NULL || *text == '\0')
        return 0;
    char *end;
    long workers = strtol(text, &end, 10);
    if (*end != '\0' || workers < 1 || workers > TRI_WORKERS_MAX)
        return tri_fail(TRI_EINVAL, "TRIREME_WORKERS: '%s' is not a number from 1 to %d", text,
                        TRI_WORKERS_MAX);
    return (int)workers;
}

int tri__options_resolve(const tri_team_options *options, const struct tri__backend **backend)
{
    static const tri_team_options defaults;
    if (options == NULL)
        options = &defaults;
    if (options->workers < 0 || options->workers > TRI_WORKERS_MAX)
        return tri_fail(TRI_EINVAL, "%d workers: use a number from 1 to %d", options->workers,
                        TRI_WORKERS_MAX);
    int preferred = workers_in_environment();
    if (preferred < 0)
        return preferred;
    *backend = tri__options_backend(options->backend);
    return *backend ? (*backend)->worker_count(options->workers, preferred) : TRI_EINVAL;
}

int tri_worker_count(const tri_team_options *options)
{
    const struct tri__backend *backend;
    return tri__options_resolve(options, &backend);
}

int tri_host_count(const tri_team_options *options)
{
    const struct tri__backend *backend;
    int workers = tri__options_resolve(options, &backend);
    return workers < 0 ? workers : backend->host_count();
}
