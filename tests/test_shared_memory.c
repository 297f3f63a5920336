/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Blocks of shared memory. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

#include <sys/resource.h>

static const size_t sizes[] = {1, 63, 64, 65, 4095, 4096, 70001, 300000, (16 << 20) + 1};

enum { SIZES = sizeof sizes / sizeof *sizes };

static bool is_filled_with(const unsigned char *memory, size_t size, unsigned char byte)
{
    return size == 0 || (memory[0] == byte && memcmp(memory, memory + 1, size - 1) == 0);
}

static void test_blocks(void)
{
    for (int round = 0; round < 3; round++) /* what was freed is zero again */
        for (int i = 0; i < SIZES; i++) {
            unsigned char *memory = shared(sizes[i]), *other = shared(sizes[i]);
            CHECK((uintptr_t)memory % 64 == 0 && (uintptr_t)other % 64 == 0);
            CHECK(is_filled_with(memory, sizes[i], 0));
            memset(memory, 0xff, sizes[i]);
            CHECK(is_filled_with(other, sizes[i], 0));
            tri_shared_free(memory);
            tri_shared_free(other);
        }
    tri_shared_free(NULL);
}

static void test_too_large(void)
{
    static const size_t too_large[] = {SIZE_MAX, SIZE_MAX - 64, SIZE_MAX / 2, (size_t)1 << 50};
    for (int i = 0; i < 4; i++)
        CHECK_REFUSED(tri_shared_alloc(too_large[i]), NULL);
    tri_shared_free(shared(1));
}

/* ---- Many blocks -------------------------------------------------------------------- */

enum { BLOCKS = 100 };

struct block {
    unsigned char *memory, byte;
    size_t size;
};

static uint32_t next_random(uint32_t *state)
{
    return *state = *state * 1664525 + 1013904223;
}

static void give_back(struct block *block)
{
    CHECK(is_filled_with(block->memory, block->size, block->byte));
    tri_shared_free(block->memory);
    block->memory = NULL;
}

/* Blocks of random sizes come and go; none of them lies in another. */
static int use_heap(const void *argument)
{
    struct block blocks[BLOCKS] = {0};
    uint32_t state = *(const uint32_t *)argument;
    for (int i = 0; i < 20000; i++) {
        struct block *block = &blocks[next_random(&state) / 65536 % BLOCKS];
        if (block->memory)
            give_back(block);
        block->size = next_random(&state) >> (14 + next_random(&state) / 65536 % 18);
        block->memory = shared(block->size + 1);
        block->byte = (unsigned char)(next_random(&state) >> 24);
        CHECK(is_filled_with(block->memory, block->size, 0));
        memset(block->memory, block->byte, block->size);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].memory)
            give_back(&blocks[i]);
    return 0;
}

static void test_heap(void)
{
    tri_process *processes[3];
    for (uint32_t i = 0; i < 3; i++)
        processes[i] = start(use_heap, &i, sizeof i);
    end_all(processes, 3);
}

/* 5 GB in all, of which little is in memory at a time. */
static void test_all_freed(void)
{
    struct rusage usage;
    for (int i = 0; i < 2000; i++) {
        size_t size = (size_t)1 << (8 + i % 15);
        unsigned char *memory[2] = {shared(size), shared(5 * size / 4)};
        memset(memory[0], 1, size);
        memset(memory[1], 1, 5 * size / 4);
        tri_shared_free(memory[0]);
        tri_shared_free(memory[1]);
    }
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss < 300 * 1024);
}

/* ---- Several processes -------------------------------------------------------------- */

struct post {
    char *text;
    char *_Atomic *answer;
};

static int answer(const void *argument)
{
    const struct post *post = argument;
    char *text = shared(100);
    CHECK(strcmp(post->text, "howdy") == 0);
    memcpy(post->text, "HOWDY", 5);
    snprintf(text, 100, "%s doody", post->text);
    atomic_store(post->answer, text);
    return 0;
}

static int give_back_text(const void *argument)
{
    tri_shared_free(*(char *const *)argument);
    return 0;
}

/* By their addresses; what a process has allocated is there when it has ended. */
static void test_across_processes(void)
{
    struct post post = {shared(6), shared(sizeof(char *))};
    memcpy(post.text, "howdy", 6);
    CHECK(end(start(answer, &post, sizeof post)) == 0);
    CHECK(strcmp(post.text, "HOWDY") == 0);
    char *text = atomic_load(post.answer);
    CHECK(strcmp(text, "HOWDY doody") == 0);
    CHECK(end(start(give_back_text, &text, sizeof text)) == 0);
    CHECK(is_filled_with(shared(100), 100, 0));
}

static const struct test tests[] = {
    {"blocks of all sizes", test_blocks, 0, 0, 0, 0},
    {"blocks that are too large", test_too_large, 0, 0, 0, 0},
    {"blocks of several processes", test_heap, ON_LOCAL, 1, 0, 0},
    {"all blocks are freed", test_all_freed, 0, 0, 0, 0},
    {"blocks are passed on", test_across_processes, ON_LOCAL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
