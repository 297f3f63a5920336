/* SPDX-License-Identifier: BSD-3-Clause
 *
 * thumbs: the tutorial's ProcessPoolExecutor that makes blurred thumbnails. thumbs_options.c reads
 * what the user says, thumbs_names.c finds out which files there will be, thumbnail.c is the task;
 * here is what the user gets: a line for each image as it is done, and the summary.
 *
 * A thumbnail has a temporary name for a moment. When its worker is lost in that moment, the
 * controller removes the file: at once when the task comes back as lost, and when a signal ends the
 * program, once the workers have ended. So a signal is only noted, and seen between two results.
 */
#include "clock.h"
#include "report.h"
#include "thumbnail.h"
#include "thumbs_names.h"
#include "thumbs_options.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double TICK_S = 0.1; /* how late a signal is seen, and the bar moved */

struct run {
    const struct settings *settings;
    tri_team_options team;
    struct names names;
    tri_pool *pool;
    tri_results *results;
    size_t next;       /* image to be started */
    bool *is_done;     /* for each image */
    uint64_t count[3]; /* of each outcome */
    bool has_lines;    /* one for each image, on stdout */
    struct progress progress;
};

/* ---- Signals ------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped_by;

static void end_by_signal(int number)
{
    (void)number;
    signal(stopped_by, SIG_DFL);
    raise(stopped_by);
}

/* Where the controller itself is in a task (serial), or something hangs, it ends all the same. */
static void note_signal(int number)
{
    if (stopped_by != 0)
        return;
    stopped_by = number;
    alarm(1);
}

/* Signals that are ignored, as under nohup, stay so. */
static void change_signals(void (*from)(int), void (*to)(int))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction now, then = {.sa_handler = to};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == from)
            sigaction(signals[i], &then, NULL);
}

static void begin_signals(void)
{
    signal(SIGALRM, end_by_signal);
    change_signals(SIG_DFL, note_signal);
}

static void end_signals(void)
{
    change_signals(note_signal, SIG_DFL);
    if (stopped_by != 0)
        end_by_signal(stopped_by);
}

static void remove_temporaries(const struct run *run)
{
    for (size_t i = 0; i < run->next; i++)
        if (!run->is_done[i])
            names_remove_temporary(&run->names, i);
}

/* On threads an image that is being read is left behind. */
static void stop(struct run *run)
{
    const double enough_s = 0.5;
    progress_end(&run->progress);
    tri_pool_terminate(run->pool);
    tri_pool_join(run->pool, enough_s);
    remove_temporaries(run);
    end_signals();
}

/* ---- The run ------------------------------------------------------------------------------- */

static int put_task(void *data, void *argument)
{
    struct run *run = data;
    struct thumbnail_task *task = argument;
    const struct settings *settings = run->settings;
    size_t image = run->next;
    if (image == settings->count)
        return 0;
    run->next++;
    *task = (struct thumbnail_task){.width = settings->width,
                                    .height = settings->height,
                                    .sigma = settings->sigma,
                                    .force = settings->force};
    task->too_long = snprintf(task->input, PATH_MAX, "%s", settings->names[image]) >= PATH_MAX ||
                     !names_output(&run->names, image, task->output) ||
                     !names_temporary(&run->names, image, task->temporary);
    return 1;
}

/* A result is one line, whatever is in a file's name. */
static void print_line(const struct run *run, const struct thumbnail_result *result, size_t image)
{
    char path[PATH_MAX], size[32] = "";
    names_output(&run->names, image, path);
    for (char *at = path; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    if (result->outcome == THUMBNAIL_MADE)
        snprintf(size, sizeof size, "%dx%d", result->width, result->height);
    printf("%s  %-9s  %s\n", result->outcome == THUMBNAIL_MADE ? "made" : "kept", size, path);
    fflush(stdout);
}

static void take_result(struct run *run, int code, const struct thumbnail_result *result,
                        size_t image)
{
    enum thumbnail_outcome outcome = code < 0 ? THUMBNAIL_FAILED : result->outcome;
    run->is_done[image] = true;
    run->count[outcome]++;
    if (outcome == THUMBNAIL_FAILED || run->has_lines)
        progress_end(&run->progress);
    if (outcome == THUMBNAIL_FAILED)
        cli_error(CLI_FAILED, "%s: %s", run->settings->names[image],
                  code < 0 ? tri_error_message() : result->words);
    else if (run->has_lines)
        print_line(run, result, image);
    if (code < 0)
        names_remove_temporary(&run->names, image);
}

/* TRI_ETIMEOUT may be an image's, or the tick's. */
static int take_results(struct run *run)
{
    const uint64_t none = UINT64_MAX;
    struct thumbnail_result result;
    uint64_t done = 0, image = none;
    int code;
    while ((code = tri_pool_next(run->results, &result, &image, TICK_S)) != 0) {
        if (stopped_by != 0)
            stop(run);
        if (code == TRI_EBROKEN || (image == none && code != TRI_ETIMEOUT))
            return cli_error(CLI_FAILED, "%s", tri_error_message());
        if (image != none) {
            take_result(run, code, &result, (size_t)image);
            done++;
        }
        image = none;
        progress_update(&run->progress, (double)done);
    }
    return run->count[THUMBNAIL_FAILED] == 0 ? CLI_OK : CLI_FAILED;
}

static int begin_tasks(struct run *run)
{
    tri_pool_options options = {
        .backend = run->team.backend,
        .workers = run->team.workers,
        .initializer = thumbnail_begin,
        .time_limit_s = (double)run->settings->time_limit_s,
        .memory_limit = run->settings->memory_limit,
    };
    int code = tri_pool_open(&run->pool, &options);
    if (code == 0)
        code = tri_pool_imap_unordered(run->pool, thumbnail_make, put_task, run,
                                       sizeof(struct thumbnail_task),
                                       sizeof(struct thumbnail_result), NULL, &run->results);
    return code == 0 ? CLI_OK : cli_error(CLI_FAILED, "%s", tri_error_message());
}

static int run_tasks(struct run *run, enum progress_when when)
{
    run->is_done = calloc(run->settings->count, sizeof *run->is_done);
    if (run->is_done == NULL)
        return cli_error(CLI_FAILED, "%s", strerror(ENOMEM));
    begin_signals();
    progress_begin(&run->progress, "thumbs", when, (double)run->settings->count, "images");
    int status = begin_tasks(run);
    if (status == CLI_OK)
        status = take_results(run);
    progress_end(&run->progress);
    tri_results_free(run->results);
    tri_pool_free(run->pool);
    remove_temporaries(run);
    free(run->is_done);
    end_signals();
    return status;
}

/* ---- The summary --------------------------------------------------------------------------- */

static void print_json(const struct run *run, double seconds)
{
    report_begin();
    report_string("program", "thumbs");
    report_integer("images", run->settings->count);
    report_integer("made", run->count[THUMBNAIL_MADE]);
    report_integer("kept", run->count[THUMBNAIL_KEPT]);
    report_integer("failed", run->count[THUMBNAIL_FAILED]);
    report_string("backend", tri_backend_name(run->team.backend));
    report_integer("workers", (uint64_t)run->team.workers);
    report_integer("hosts", 1);
    report_number("seconds", seconds);
    report_number("images_per_second", (double)run->settings->count / seconds);
    report_end();
}

static void print_text(const struct run *run, double seconds)
{
    printf("\nimages   %zu: %" PRIu64 " made, %" PRIu64 " kept, %" PRIu64 " failed\n",
           run->settings->count, run->count[THUMBNAIL_MADE], run->count[THUMBNAIL_KEPT],
           run->count[THUMBNAIL_FAILED]);
    printf("backend  %s, %d worker%s on 1 host\n", tri_backend_name(run->team.backend),
           run->team.workers, run->team.workers == 1 ? "" : "s");
    printf("time     %.4g s, %.3g images per second\n", seconds,
           (double)run->settings->count / seconds);
}

static bool is_whole(const struct run *run)
{
    return run->count[THUMBNAIL_MADE] + run->count[THUMBNAIL_KEPT] + run->count[THUMBNAIL_FAILED] ==
           run->settings->count;
}

static int program(int argc, char **argv)
{
    struct settings settings;
    struct cli_common common = {0};
    int status;
    if (settings_parse(&settings, &common, argc, argv, &status) != 0)
        return status;
    double start = clock_now();
    struct run run = {.settings = &settings, .team = common.team, .has_lines = !common.json};
    int workers = tri_worker_count(&common.team);
    run.team.workers = settings.count < (size_t)workers ? (int)settings.count : workers;
    status = names_begin(&run.names, settings.names, settings.count, settings.folder);
    if (status != CLI_OK)
        return status;
    status = run_tasks(&run, common.progress);
    if (is_whole(&run))
        (common.json ? print_json : print_text)(&run, clock_now() - start);
    return cli_finish(status);
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
