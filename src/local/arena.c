/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arena: one large anonymous shared mapping, made before anything is forked, so that it lies
 * at the same address in every process of this host. Only touched pages cost memory.
 *
 * Blocks are powers of two from 128 bytes up, each behind a header of 64 that holds its class.
 * A freed block goes on its class's list and is never split or joined; the memory of a large one
 * goes back to the system. The lists are the controller's own, guarded by a mutex: a worker that
 * dies cannot leave them torn, because no worker touches them. A process that the program forks by
 * itself has a copy of the lists that is soon wrong, and may not allocate.
 */
#include "local.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HEADER_SIZE = 64, CLASS_MIN = 7, CLASS_COUNT = 48 };

/* From this size on a block begins on a page, of whatever size the kernel's pages are. */
enum { LARGE = 256 * 1024, LARGE_ALIGNMENT = 64 * 1024 };

static const size_t ARENA_MAX = (size_t)64 << 30, ARENA_MIN = (size_t)16 << 20;

/* At the start of a block. */
struct block {
    struct block *next; /* while it is free */
    int class;          /* it has 2^class bytes, header included */
};

static char *arena;
static size_t arena_size, arena_used;
static pid_t owner;
static struct block *free_blocks[CLASS_COUNT];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Whether the kernel counts memory when it is mapped and not when it is touched. */
static bool is_counted_when_mapped(void)
{
    FILE *file = fopen("/proc/sys/vm/overcommit_memory", "re");
    bool counted = file && fgetc(file) == '2';
    if (file)
        fclose(file);
    return counted;
}

/* No more than the machine has, and only a part of what is limited. */
static size_t size_to_try(void)
{
    size_t memory = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    size_t size = tri__smaller(ARENA_MAX, is_counted_when_mapped() ? memory / 32 : memory);
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        size = tri__smaller(size, limit.rlim_cur / 4);
    return size < ARENA_MIN ? ARENA_MIN : size;
}

int tri__arena_open(void)
{
    for (size_t size = size_to_try(); size >= ARENA_MIN; size /= 2) {
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED) {
            madvise(memory, size, MADV_DONTDUMP); /* a core file need not walk through it all */
            arena = memory;
            arena_size = size;
            return 0;
        }
    }
    return tri_fail(TRI_ENOMEM, "cannot map %zu MiB of shared memory: %s", ARENA_MIN >> 20,
                    strerror(errno));
}

void tri__arena_claim(void)
{
    owner = getpid();
}

int tri__arena_check(void)
{
    if (owner == getpid())
        return 0;
    return tri_fail(TRI_ESTATE, "only the program that tri_main runs can do this");
}

static int class_for(size_t size)
{
    int class = CLASS_MIN;
    while (class < CLASS_COUNT && (size_t)1 << class < size)
        class += 1;
    return class;
}

static bool is_large(int class)
{
    return (size_t)1 << class >= LARGE;
}

/* Call with the mutex held. */
static struct block *take_new(int class)
{
    size_t size = (size_t)1 << class, start = arena_used;
    if (is_large(class))
        start = (start + LARGE_ALIGNMENT - 1) / LARGE_ALIGNMENT * LARGE_ALIGNMENT;
    if (start > arena_size || size > arena_size - start)
        return NULL;
    struct block *block = (struct block *)(arena + start);
    block->class = class;
    arena_used = start + size;
    return block;
}

/* Call with the mutex held. */
static struct block *take_free(int class)
{
    struct block *block = free_blocks[class];
    if (block)
        free_blocks[class] = block->next;
    return block;
}

void *tri__arena_alloc(size_t size)
{
    int class = size < ARENA_MAX ? class_for(size + HEADER_SIZE) : CLASS_COUNT;
    struct block *block = NULL;
    bool is_zero = true;
    if (class < CLASS_COUNT) {
        pthread_mutex_lock(&mutex);
        block = take_free(class);
        is_zero = block == NULL || is_large(class);
        if (block == NULL)
            block = take_new(class);
        pthread_mutex_unlock(&mutex);
    }
    if (block == NULL) {
        tri_fail(TRI_ENOMEM, "no %zu bytes left in the %zu MiB arena", size, arena_size >> 20);
        return NULL;
    }
    char *memory = (char *)block + HEADER_SIZE;
    return is_zero ? memory : memset(memory, 0, size);
}

/* Zeroes a large block by giving its whole pages back to the system. */
static void give_back(struct block *block)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)1 << block->class;
    memset((char *)block + HEADER_SIZE, 0, page - HEADER_SIZE);
    if (madvise((char *)block + page, size - page, MADV_REMOVE) != 0)
        memset((char *)block + page, 0, size - page);
}

void tri__arena_free(void *memory)
{
    if (memory == NULL)
        return;
    struct block *block = (struct block *)((char *)memory - HEADER_SIZE);
    if (is_large(block->class))
        give_back(block);
    pthread_mutex_lock(&mutex);
    block->next = free_blocks[block->class];
    free_blocks[block->class] = block;
    pthread_mutex_unlock(&mutex);
}
