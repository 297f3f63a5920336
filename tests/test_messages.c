/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages of all sizes through queues: whole, byte for byte, within a queue's bytes; and more of
 * them than 32 bits can count.
 */
#include "sharing.h"

static tri_queue new_queue(uint64_t messages, uint64_t bytes)
{
    tri_queue queue;
    tri_queue_options options = {messages, bytes};
    CHECK(tri_queue_new(&queue, &options) == 0);
    return queue;
}

/* Bytes that tell where they are, and of which message. */
static unsigned char byte_of(size_t at, unsigned seed)
{
    return (unsigned char)((at * 2654435761u >> 13) ^ (at >> 3) ^ (seed * 40503u));
}

static void fill(unsigned char *message, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        message[i] = byte_of(i, seed);
}

static bool is_filled(const unsigned char *message, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        if (message[i] != byte_of(i, seed))
            return false;
    return true;
}

static const size_t sizes[] = {0,    1,    7,    100,   1000,  4095,
                               4096, 4097, 8191, 65535, 65536, ((size_t)1 << 20) + 3};

enum { SIZES = sizeof sizes / sizeof *sizes, LARGEST = (1 << 20) + 3 };

static unsigned char message[LARGEST + 1];

static int put_filled(tri_queue queue, size_t size, unsigned seed)
{
    fill(message, size, seed);
    return tri_queue_put(queue, size ? message : NULL, size, -1);
}

/* Room for one byte more, which stays as it was. */
static void get_filled(tri_queue queue, size_t size, unsigned seed)
{
    size_t actual = 12345;
    memset(message, 0, size);
    message[size] = 0x5a;
    CHECK(tri_queue_get(queue, message, size + 1, &actual, -1) == 0);
    CHECK(actual == size && is_filled(message, size, seed) && message[size] == 0x5a);
}

/* ---- Sizes -------------------------------------------------------------------------- */

static void test_sizes(void)
{
    tri_queue queue = new_queue(0, 0);
    for (unsigned i = 0; i < SIZES; i++) {
        CHECK(put_filled(queue, sizes[i], i) == 0);
        get_filled(queue, sizes[i], i);
    }
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < SIZES; i++)
            CHECK(put_filled(queue, sizes[i], round + i) == 0);
        CHECK(tri_queue_size(queue) == SIZES);
        for (unsigned i = 0; i < SIZES; i++)
            get_filled(queue, sizes[i], round + i);
    }
    CHECK(tri_queue_empty(queue) == 1 && tri_queue_free(queue) == 0);
}

/* Each size once: some of them do not fit where the one before ended. */
static void test_every_size(void)
{
    enum { MOST = 700 };
    tri_queue queue = new_queue(0, 0);
    for (unsigned size = 0; size < MOST; size++)
        CHECK(put_filled(queue, size, size) == 0);
    for (unsigned size = 0; size < MOST; size++) {
        CHECK(put_filled(queue, MOST - size, size) == 0);
        get_filled(queue, size, size);
    }
    for (unsigned size = 0; size < MOST; size++)
        get_filled(queue, MOST - size, size);
    CHECK(tri_queue_empty(queue) == 1 && tri_queue_free(queue) == 0);
}

struct transfer {
    tri_queue queue;
    int rounds;
};

static int put_all(const void *argument)
{
    const struct transfer *transfer = argument;
    for (unsigned i = 0; i < SIZES * (unsigned)transfer->rounds; i++)
        CHECK(put_filled(transfer->queue, sizes[i % SIZES], i) == 0);
    return 0;
}

static void get_all(const struct transfer *transfer)
{
    static unsigned char room[LARGEST];
    for (unsigned i = 0; i < SIZES * (unsigned)transfer->rounds; i++) {
        size_t actual;
        CHECK(tri_queue_get(transfer->queue, room, sizeof room, &actual, -1) == 0);
        CHECK(actual == sizes[i % SIZES] && is_filled(room, actual, i));
    }
}

/* From another process, which is ahead of this one by as much as there is room for. */
static void test_from_process(void)
{
    static const uint64_t bounds[][2] = {{0, 0}, {1, 0}, {5, 0}, {0, LARGEST}, {3, 2 * LARGEST}};
    for (int i = 0; i < 5; i++) {
        struct transfer transfer = {new_queue(bounds[i][0], bounds[i][1]), 5};
        tri_process *process = start(put_all, &transfer, sizeof transfer);
        get_all(&transfer);
        CHECK(end(process) == 0 && tri_queue_empty(transfer.queue) == 1);
        CHECK(tri_queue_free(transfer.queue) == 0);
    }
}

/* A queue of a large message at a time uses no more memory than one. */
static void test_large_again_and_again(void)
{
    tri_queue queue = new_queue(0, 0);
    for (unsigned i = 0; i < 300; i++) {
        message[0] = (unsigned char)i;
        CHECK(tri_queue_put(queue, message, LARGEST, -1) == 0);
        message[0] = 0;
        CHECK(tri_queue_get(queue, message, LARGEST, NULL, -1) == 0);
        CHECK(message[0] == (unsigned char)i);
    }
    CHECK(tri_queue_free(queue) == 0);
}

/* ---- Room that is too small --------------------------------------------------------- */

static void test_small_room(void)
{
    tri_queue queue = new_queue(0, 0);
    for (unsigned i = 1; i < SIZES; i++) {
        size_t size = sizes[i], actual = 0;
        CHECK(put_filled(queue, size, i) == 0 && put_filled(queue, 3, 99) == 0);
        memset(message, 0xee, 10);
        CHECK_REFUSED(tri_queue_get(queue, message, 0, &actual, -1), TRI_EINVAL);
        CHECK(actual == size && message[0] == 0xee);
        actual = 0;
        CHECK_REFUSED(tri_queue_get(queue, message, size - 1, &actual, 0), TRI_EINVAL);
        CHECK(actual == size && tri_queue_size(queue) == 2);
        CHECK_REFUSED(tri_queue_get(queue, message, size - 1, NULL, 0), TRI_EINVAL);
        get_filled(queue, size, i);
        get_filled(queue, 3, 99);
    }
    CHECK(tri_queue_free(queue) == 0);
}

/* ---- A queue of so many bytes ------------------------------------------------------- */

static void test_bytes(void)
{
    tri_queue queue = new_queue(0, 100);
    CHECK_REFUSED(tri_queue_put(queue, message, 101, -1), TRI_EINVAL);
    CHECK_REFUSED(tri_queue_put(queue, message, LARGEST, 0), TRI_EINVAL);
    CHECK(tri_queue_empty(queue) == 1 && put_filled(queue, 100, 1) == 0);
    CHECK(tri_queue_full(queue) == 1);
    CHECK_LATE(tri_queue_put(queue, message, 1, 0), 0);
    get_filled(queue, 100, 1);
    CHECK(put_filled(queue, 60, 2) == 0 && tri_queue_full(queue) == 0);
    CHECK_LATE(tri_queue_put(queue, message, 60, 0), 0);
    CHECK_LATE(tri_queue_put(queue, message, 41, 0.02), 0.02);
    CHECK_REFUSED(tri_queue_put(queue, message, 101, 0), TRI_EINVAL);
    CHECK(put_filled(queue, 40, 3) == 0 && tri_queue_full(queue) == 1);
    get_filled(queue, 60, 2);
    get_filled(queue, 40, 3);
    CHECK(tri_queue_empty(queue) == 1 && tri_queue_free(queue) == 0);
}

static void test_bytes_and_messages(void)
{
    tri_queue queue = new_queue(2, 100);
    CHECK(put_filled(queue, 1, 1) == 0 && put_filled(queue, 1, 2) == 0);
    CHECK(tri_queue_full(queue) == 1);
    CHECK_LATE(tri_queue_put(queue, message, 1, 0), 0);
    get_filled(queue, 1, 1);
    CHECK_LATE(tri_queue_put(queue, message, 100, 0), 0);
    CHECK(put_filled(queue, 99, 3) == 0 && tri_queue_full(queue) == 1);
    CHECK_REFUSED(tri_queue_put(queue, message, 101, 0), TRI_EINVAL);
    CHECK(tri_queue_free(queue) == 0);
}

static int put_large(const void *argument)
{
    struct {
        tri_queue queue;
        _Atomic int *thread, *done;
    } const *large = argument;
    char text[80] = "";
    note_waiter(large->thread);
    CHECK(tri_queue_put(large->queue, text, sizeof text, -1) == 0);
    atomic_store(large->done, 1);
    return 0;
}

/* Small messages, for which there is room, do not keep a larger one out for ever. */
static void test_large_is_not_overtaken(void)
{
    struct {
        tri_queue queue;
        _Atomic int *thread, *done;
    } large = {new_queue(0, 100), new_flag(), new_flag()};
    size_t actual = 0;
    for (int i = 0; i < 6; i++)
        CHECK(put_filled(large.queue, 10, 1) == 0);
    tri_process *process = start(put_large, &large, sizeof large);
    wait_until_waiting(large.thread);
    while (atomic_load(large.done) == 0) {
        int code = tri_queue_put(large.queue, message, 10, 0.001);
        CHECK(code == 0 || code == TRI_ETIMEOUT);
        if (atomic_load(large.done) == 0)
            CHECK(tri_queue_get(large.queue, message, 100, &actual, -1) == 0);
        CHECK(actual == 10 || actual == 80);
    }
    CHECK(end(process) == 0 && tri_queue_free(large.queue) == 0);
}

/* ---- More than 4 GiB ---------------------------------------------------------------- */

enum { HUGE_COUNT = 64, HUGE_SIZE = 65 << 20, PAGE = 4096 };

static int64_t read_number(const char *path, const char *format)
{
    long long number = -1;
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file) && sscanf(line, format, &number) != 1)
        ;
    if (file)
        fclose(file);
    return number;
}

static bool has_memory(int64_t needed)
{
    int64_t available = read_number("/proc/meminfo", "MemAvailable: %lld"),
            limit = read_number("/sys/fs/cgroup/memory.max", "%lld"),
            used = read_number("/sys/fs/cgroup/memory.current", "%lld");
    return available * 1024 >= needed && (limit < 0 || limit - used >= needed);
}

static void test_huge(void)
{
    unsigned char *huge = malloc(HUGE_SIZE);
    size_t actual;
    if (IS_SANITIZED)
        test_skip("4 GiB take too long with a sanitizer");
    if (!has_memory((int64_t)(HUGE_COUNT + 8) * HUGE_SIZE))
        test_skip("this takes 4.6 GiB of memory");
    tri_queue queue = new_queue(0, (uint64_t)HUGE_COUNT * HUGE_SIZE);
    CHECK(huge != NULL);
    for (unsigned i = 0; i < HUGE_COUNT; i++) {
        for (size_t at = 0; at < HUGE_SIZE; at += PAGE)
            huge[at] = byte_of(at, i);
        CHECK(tri_queue_put(queue, huge, HUGE_SIZE, 0) == 0);
    }
    CHECK(tri_queue_full(queue) == 1 && tri_queue_size(queue) == HUGE_COUNT);
    CHECK_LATE(tri_queue_put(queue, huge, 1, 0), 0);
    for (unsigned i = 0; i < HUGE_COUNT; i++) {
        CHECK(tri_queue_get(queue, huge, HUGE_SIZE, &actual, 0) == 0 && actual == HUGE_SIZE);
        for (size_t at = 0; at < HUGE_SIZE; at += PAGE)
            CHECK(huge[at] == byte_of(at, i));
    }
    CHECK(tri_queue_empty(queue) == 1 && tri_queue_free(queue) == 0);
}

/* ---- Numbers that no queue can keep ------------------------------------------------- */

static void test_too_large(void)
{
    tri_queue queue = new_queue(0, 0);
    CHECK(tri_queue_put(queue, message, (size_t)1 << 50, 0) == TRI_ENOMEM);
    CHECK(*tri_error_message());
    CHECK(tri_queue_put(queue, message, SIZE_MAX, 0) < 0 &&
          tri_queue_put(queue, message, SIZE_MAX / 2, 0) < 0);
    CHECK(tri_queue_empty(queue) == 1 && put_filled(queue, 5, 1) == 0);
    get_filled(queue, 5, 1);
    CHECK(tri_queue_free(queue) == 0);
    queue = new_queue(UINT64_MAX, UINT64_MAX);
    CHECK(put_filled(queue, 5, 1) == 0 && tri_queue_full(queue) == 0);
    get_filled(queue, 5, 1);
    CHECK(tri_queue_free(queue) == 0);
}

static const struct test tests[] = {
    {"messages of all sizes", test_sizes, 0, 0, 0, 0},
    {"every size once", test_every_size, 0, 0, 0, 0},
    {"from another process", test_from_process, ON_PARALLEL, 1, 0, 0},
    {"large ones again and again", test_large_again_and_again, 0, 0, 0, 0},
    {"the room is too small", test_small_room, 0, 0, 0, 0},
    {"so many bytes", test_bytes, 0, 0, 0, 0},
    {"so many bytes and messages", test_bytes_and_messages, 0, 0, 0, 0},
    {"small ones do not overtake a large one", test_large_is_not_overtaken, ON_PARALLEL, 1, 0, 0},
    {"more than 4 GiB", test_huge, 0, 0, 0, 0},
    {"too large for any queue", test_too_large, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
