#include <stdio.h>
#include <trireme.h>

static int kernel(tri_team *team, const void *argument, void *result)
{
    double steps = *(const double *)argument;
    tri_exact sum = {0};
    for (double i = tri_team_rank(team); i < steps; i += tri_team_size(team)) {
        double x = (i + 0.5) / steps;
        tri_exact_add(&sum, 4 / (1 + x * x));
    }
    int code = tri_team_reduce_exact(team, &sum, 1, 0);
    *(double *)result = tri_exact_value(&sum) / steps;
    return code;
}

static int program(int argc, char **argv)
{
    double steps = 1e7, pi;
    if (tri_team_run(kernel, &steps, sizeof steps, &pi, sizeof pi, NULL) != 0) {
        fprintf(stderr, "%s: %s\n", argv[argc - 1], tri_error_message());
        return 1;
    }
    printf("%.17g on %d workers\n", pi, tri_worker_count(NULL));
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
