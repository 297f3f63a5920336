#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>

enum { ROWS = 200000, COLUMNS = 5, MINIMUM = 4, MAXIMUM = 8 };

struct table {
    int row[ROWS][COLUMNS];
};

static int howmany_within_range(const int *row, int minimum, int maximum)
{
    int count = 0;
    for (int i = 0; i < COLUMNS; i++)
        count += minimum <= row[i] && row[i] <= maximum;
    return count;
}

static int kernel(tri_team *team, const void *argument, void *result)
{
    const struct table *data = argument;
    int64_t rows_with[COLUMNS + 1] = {0};
    for (int i = tri_team_rank(team); i < ROWS; i += tri_team_size(team))
        rows_with[howmany_within_range(data->row[i], MINIMUM, MAXIMUM)]++;
    return tri_team_reduce(team, rows_with, result, COLUMNS + 1, TRI_INT64, TRI_SUM, 0);
}

static int program(int argc, char **argv)
{
    static struct table data;
    int64_t rows_with[COLUMNS + 1];
    unsigned short seed[3] = {42, 0, 0};
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            data.row[i][j] = (int)(nrand48(seed) / (0x7fffffff / 10 + 1));
    if (tri_team_run(kernel, &data, sizeof data, rows_with, sizeof rows_with, NULL) != 0) {
        fprintf(stderr, "%s: %s\n", argv[argc - 1], tri_error_message());
        return 1;
    }
    for (int i = 0; i <= COLUMNS; i++)
        printf("%d: %lld\n", i, (long long)rows_with[i]);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
