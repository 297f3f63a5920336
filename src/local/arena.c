/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arena: one large anonymous shared mapping, made before anything is forked, so that it lies
 * at the same address in every process of this host. Only touched pages cost memory.
 *
 * Blocks are powers of two from 128 bytes up, each behind a header of 64 that holds its class.
 * A freed block goes on its class's list and is never split or joined. The memory of large ones
 * goes back to the system, but for some that are kept: touching a page for the first time is dear.
 *
 * Any process may allocate and be killed while it does: new memory is taken with one addition, and
 * the lists are stacks that change with one compare-and-swap. A tag beside the first block's number
 * keeps a slow process from putting back a list that has changed since (R. Treiber, "Systems
 * Programming: Coping with Parallelism", 1986). What a killed process had taken stays taken.
 */
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

enum { HEADER_SIZE = 64, CLASS_MIN = 7, BLOCK_MIN = 1 << CLASS_MIN, CLASS_COUNT = 48 };

/* From this size on a block begins on a page, of whatever size the kernel's pages are. */
enum { LARGE = 256 * 1024, LARGE_ALIGNMENT = 64 * 1024 };

/* So much memory of large free blocks is not given back. */
enum { KEPT_MAX = 64 * 1024 * 1024 };

static const size_t ARENA_MAX = (size_t)64 << 30, ARENA_MIN = (size_t)16 << 20;

/* At the start of a block, and there for ever: one may be looked at that is just being taken. */
struct block {
    _Atomic uint32_t next; /* while it is free: the next one's number, 0 for none */
    int class;             /* it has 2^class bytes, header included */
    bool is_dirty;         /* it has been used, and still has its memory */
};

/* At the start of the arena. */
struct head {
    _Atomic uint64_t used; /* bytes */
    _Atomic uint64_t processes;
    _Atomic uint64_t kept;                     /* bytes of large blocks that are free and dirty */
    _Atomic uint64_t free_blocks[CLASS_COUNT]; /* a tag of 32 bits, the first one's number in 32 */
};

static char *arena;
static size_t arena_size;

static struct head *head(void)
{
    return (struct head *)arena;
}

uint64_t tri__arena_next_process(void)
{
    return atomic_fetch_add(&head()->processes, 1) + 1;
}

uint32_t tri__arena_number(const void *memory)
{
    return memory ? (uint32_t)(((size_t)((const char *)memory - arena)) / TRI__ARENA_ALIGNMENT) : 0;
}

void *tri__arena_at(uint32_t number)
{
    return number ? arena + (size_t)number * TRI__ARENA_ALIGNMENT : NULL;
}

bool tri__arena_has(const void *memory)
{
    return (uintptr_t)memory - (uintptr_t)arena < arena_size;
}

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
            atomic_store(&head()->used, sizeof(struct head));
            return 0;
        }
    }
    return tri_fail(TRI_ENOMEM, "cannot map %zu MiB of shared memory: %s", ARENA_MIN >> 20,
                    strerror(errno));
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

static struct block *take_new(int class)
{
    size_t size = (size_t)1 << class, alignment = is_large(class) ? LARGE_ALIGNMENT : BLOCK_MIN;
    uint64_t used = atomic_load(&head()->used), start;
    do {
        start = (used + alignment - 1) / alignment * alignment;
        if (start > arena_size || size > arena_size - start)
            return NULL;
    } while (!atomic_compare_exchange_weak(&head()->used, &used, start + size));
    struct block *block = (struct block *)(arena + start);
    block->class = class;
    return block;
}

static struct block *take_free(int class)
{
    _Atomic uint64_t *list = &head()->free_blocks[class];
    uint64_t first = atomic_load(list), tag = (uint64_t)1 << 32;
    struct block *block;
    do {
        block = tri__arena_at((uint32_t)first);
        if (block == NULL)
            return NULL;
    } while (!atomic_compare_exchange_weak(list, &first,
                                           ((first & -tag) + tag) | atomic_load(&block->next)));
    return block;
}

void *tri__arena_take(size_t size, bool *is_zero)
{
    int class = size < ARENA_MAX ? class_for(size + HEADER_SIZE) : CLASS_COUNT;
    struct block *block = class < CLASS_COUNT ? take_free(class) : NULL;
    if (block == NULL && class < CLASS_COUNT)
        block = take_new(class);
    if (block == NULL) {
        tri_fail(TRI_ENOMEM, "no %zu bytes left in the %zu MiB arena", size, arena_size >> 20);
        return NULL;
    }
    *is_zero = !block->is_dirty;
    if (block->is_dirty && is_large(class))
        atomic_fetch_sub(&head()->kept, (uint64_t)1 << class);
    block->is_dirty = true;
    return (char *)block + HEADER_SIZE;
}

void *tri__arena_alloc(size_t size)
{
    bool is_zero;
    void *memory = tri__arena_take(size, &is_zero);
    return memory == NULL || is_zero ? memory : memset(memory, 0, size);
}

/* Zeroes a large block by giving its whole pages back to the system. */
static void give_back(struct block *block)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)1 << block->class;
    memset((char *)block + HEADER_SIZE, 0, page - HEADER_SIZE);
    if (madvise((char *)block + page, size - page, MADV_REMOVE) != 0)
        memset((char *)block + page, 0, size - page);
    block->is_dirty = false;
}

static bool is_kept(const struct block *block)
{
    uint64_t size = (uint64_t)1 << block->class;
    if (atomic_fetch_add(&head()->kept, size) + size <= KEPT_MAX)
        return true;
    atomic_fetch_sub(&head()->kept, size);
    return false;
}

#ifdef __SANITIZE_THREAD__
static void note_freed(void)
{
    __tsan_release(arena);
}

void tri__arena_note_return(void)
{
    __tsan_acquire(arena);
}
#else
static void note_freed(void)
{
}
#endif

void tri__arena_free(void *memory)
{
    if (memory == NULL)
        return;
    note_freed();
    struct block *block = (struct block *)((char *)memory - HEADER_SIZE);
    if (is_large(block->class) && !is_kept(block))
        give_back(block);
    _Atomic uint64_t *list = &head()->free_blocks[block->class];
    uint64_t first = atomic_load(list), tag = (uint64_t)1 << 32;
    do
        atomic_store(&block->next, (uint32_t)first);
    while (!atomic_compare_exchange_weak(list, &first,
                                         ((first & -tag) + tag) | tri__arena_number(block)));
}

void *tri__local_shared_alloc(size_t size)
{
    return tri__arena_alloc(size);
}

void *tri__local_shared_take(size_t size)
{
    bool is_zero;
    return tri__arena_take(size, &is_zero);
}

void tri__local_shared_free(void *memory)
{
    tri__arena_free(memory);
}
