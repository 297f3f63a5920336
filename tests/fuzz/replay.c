/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs a harness over files: what libFuzzer does with the files on its command line, for any
 * compiler. A harness that finds something wrong aborts.
 *
 *     fuzz_csv FILE...
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* A harness may read no byte beyond: the memory is no larger than the file. */
static int replay(const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        return -1;
    }
    size_t size = (size_t)ftell(file);
    uint8_t *bytes = malloc(size + (size == 0));
    rewind(file);
    bool is_read = bytes != NULL && fread(bytes, 1, size, file) == size;
    fclose(file);
    printf("%s\n", name);
    fflush(stdout);
    if (is_read)
        LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return is_read ? 0 : -1;
}

int main(int argc, char **argv)
{
    int code = argc > 1 ? 0 : -1;
    for (int i = 1; i < argc && code == 0; i++)
        code = replay(argv[i]);
    return code == 0 ? 0 : 1;
}
