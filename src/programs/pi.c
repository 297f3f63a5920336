/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pi: the tutorial's main job. Blocks of fixed size are dealt to the ranks in turn, a block's
 * sum does not depend on who computes it, and the sums are added exactly: so the answer is the
 * same to the last bit for any number of ranks.
 */
#include "cli.h"
#include "clock.h"
#include "midpoint.h"
#include "montecarlo.h"
#include "report.h"
#include "simd.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- The problem ----------------------------------------------------------------------- */

static const uint64_t STEPS_MAX = (uint64_t)1 << 53;

struct problem {
    int method; /* of `methods` */
    uint64_t steps, seed;
    enum progress_when progress;
};

static double midpoint_sum(const struct problem *problem, uint64_t block)
{
    return midpoint_block(problem->steps, block);
}

static double montecarlo_sum(const struct problem *problem, uint64_t block)
{
    return (double)montecarlo_block(problem->steps, block, problem->seed);
}

/* pi is 4 / steps times the sum of all blocks. */
static const struct {
    const char *name;
    uint64_t block_steps;
    double (*block_sum)(const struct problem *problem, uint64_t block);
} methods[] = {
    {"midpoint", MIDPOINT_BLOCK, midpoint_sum},
    {"montecarlo", MONTECARLO_BLOCK, montecarlo_sum},
};

enum { MIDPOINT, MONTECARLO, METHOD_COUNT };

/* 4 / steps times the sum, rounded once or nearly so: `low` is what the first rounding lost. */
static double pi_from(tri_exact *sum, uint64_t steps)
{
    double high = tri_exact_value(sum), divisor = (double)steps / 4;
    tri_exact_add(sum, -high);
    double low = tri_exact_value(sum);
    double quotient = high / divisor;
    return quotient + (fma(-quotient, divisor, high) + low) / divisor;
}

/* ---- What each rank does --------------------------------------------------------------- */

static int pi_kernel(tri_team *team, const void *argument, void *result)
{
    const struct problem *problem = argument;
    uint64_t rank = (uint64_t)tri_team_rank(team), size = (uint64_t)tri_team_size(team);
    uint64_t block_steps = methods[problem->method].block_steps;
    uint64_t blocks = (problem->steps - 1) / block_steps + 1;
    tri_exact sum = {0};

    struct progress progress;
    progress_begin(&progress, "pi", rank == 0 ? problem->progress : PROGRESS_NEVER, (double)blocks,
                   NULL);
    for (uint64_t block = rank; block < blocks; block += size) {
        if (tri_team_check(team) != 0)
            return TRI_EENDED;
        tri_exact_add(&sum, methods[problem->method].block_sum(problem, block));
        progress_update(&progress, (double)(block + 1));
    }
    int code = tri_team_reduce_exact(team, &sum, 1, 0);
    progress_end(&progress);
    *(double *)result = pi_from(&sum, problem->steps);
    return code;
}

/* ---- The answer ------------------------------------------------------------------------ */

struct answer {
    double value, seconds;
    const char *backend;
    int workers, hosts;
};

static void print_json(const struct problem *problem, const struct answer *answer)
{
    char hex[64];
    snprintf(hex, sizeof hex, "%a", answer->value);
    report_begin();
    report_string("program", "pi");
    report_string("method", methods[problem->method].name);
    report_number("value", answer->value);
    report_string("value_hex", hex);
    report_number("error", answer->value - M_PI);
    report_integer("steps", problem->steps);
    report_string("backend", answer->backend);
    report_integer("workers", (uint64_t)answer->workers);
    report_integer("hosts", (uint64_t)answer->hosts);
    report_number("seconds", answer->seconds);
    report_number("steps_per_second", (double)problem->steps / answer->seconds);
    report_end();
}

static void print_text(const struct problem *problem, const struct answer *answer)
{
    double share = answer->value / 4;
    printf("pi       %.17g", answer->value);
    if (problem->method == MONTECARLO)
        printf(" (standard error %.1e)", 4 * sqrt(share * (1 - share) / (double)problem->steps));
    printf("\nerror    %.2g against M_PI\n", answer->value - M_PI);
    printf("steps    %" PRIu64 ", %s\n", problem->steps, methods[problem->method].name);
    printf("backend  %s, %d worker%s on %d host%s\n", answer->backend, answer->workers,
           answer->workers == 1 ? "" : "s", answer->hosts, answer->hosts == 1 ? "" : "s");
    printf("time     %.4g s, %.3g steps per second\n", answer->seconds,
           (double)problem->steps / answer->seconds);
}

/* ---- The command line ------------------------------------------------------------------ */

static int take_steps(const char *value, void *settings)
{
    return cli_number("--steps", value, 1, STEPS_MAX, &((struct problem *)settings)->steps);
}

static int take_seed(const char *value, void *settings)
{
    return cli_number("--seed", value, 0, UINT64_MAX, &((struct problem *)settings)->seed);
}

static int take_method(const char *value, void *settings)
{
    struct problem *problem = settings;
    for (int method = 0; method < METHOD_COUNT; method++)
        if (strcmp(value, methods[method].name) == 0) {
            problem->method = method;
            return CLI_OK;
        }
    return cli_error(CLI_USAGE, "unknown method '%s': use midpoint or montecarlo", value);
}

static const struct cli_option options[] = {
    {'s', "steps", "STEPS", "steps, up to 2^53; may be written 1e9 or 10M (1e8)", take_steps},
    {'m', "method", "NAME", "midpoint or montecarlo (midpoint)", take_method},
    {0, "seed", "SEED", "which random numbers montecarlo draws (0)", take_seed},
    {0},
};

static const char examples[] = "Examples:\n"
                               "  pi                      on every usable CPU\n"
                               "  mpirun -np 8 pi -s 1e12 on eight ranks\n"
                               "  pi -m montecarlo --json\n";

static int program(int argc, char **argv)
{
    struct problem problem = {.method = MIDPOINT, .steps = 100000000};
    struct cli_common common = {0};
    struct cli_program self = {
        "pi",    "Computes pi, with the same bits for any number of workers.",
        NULL,    examples,
        options, &problem};
    char trouble[128];
    int status;
    if (cli_parse(&self, &common, argc, argv, &status) != 0)
        return status;
    if (simd_check(trouble, sizeof trouble) != 0)
        return cli_error(CLI_USAGE, "%s", trouble);
    problem.progress = common.progress;

    struct answer answer = {.backend = tri_backend_name(common.team.backend),
                            .workers = tri_worker_count(&common.team)};
    double start = clock_now();
    int code = tri_team_run(pi_kernel, &problem, sizeof problem, &answer.value, sizeof answer.value,
                            &common.team);
    answer.seconds = clock_now() - start;
    if (code != 0)
        return cli_error(CLI_FAILED, "%s", tri_error_message());
    answer.hosts = tri_host_count(&common.team);
    (common.json ? print_json : print_text)(&problem, &answer);
    return cli_finish(CLI_OK);
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
