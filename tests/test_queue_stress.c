/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Producers and consumers, 1 to 8 of each: each consumer gets each producer's messages in their
 * order, and none is lost or there twice. TRIREME_STRESS is the number of messages of each run
 * (10 million take more time than a case has: set TRIREME_TEST_LIMIT, in seconds).
 */
#include "sharing.h"

enum { PRODUCERS_MAX = 8 };

struct message {
    uint32_t producer, sequence;
};

struct run {
    tri_queue queue;
    uint32_t producers, producer;
    uint32_t each; /* messages of a producer */
    size_t largest;
    _Atomic uint64_t *seen; /* a bit for each message */
    _Atomic int *got;
};

static uint32_t message_count(uint32_t usual)
{
    const char *number = getenv("TRIREME_STRESS");
    return number && atol(number) > 0 ? (uint32_t)atol(number) : usual;
}

static void note(const struct run *run, struct message message, int64_t *last)
{
    uint64_t index = (uint64_t)message.producer * run->each + message.sequence;
    uint64_t bit = UINT64_C(1) << (index % 64);
    CHECK(message.producer < run->producers && message.sequence < run->each);
    CHECK(last[message.producer] < (int64_t)message.sequence);
    last[message.producer] = message.sequence;
    CHECK((atomic_fetch_or(&run->seen[index / 64], bit) & bit) == 0);
}

/* ---- Messages of 8 bytes ------------------------------------------------------------ */

static int produce(const void *argument)
{
    const struct run *run = argument;
    for (uint32_t i = 0; i < run->each; i++) {
        struct message message = {run->producer, i};
        CHECK(tri_queue_put(run->queue, &message, sizeof message, -1) == 0);
    }
    return 0;
}

static int consume(const void *argument)
{
    const struct run *run = argument;
    struct message message;
    int64_t last[PRODUCERS_MAX] = {-1, -1, -1, -1, -1, -1, -1, -1};
    size_t size;
    int code, count = 0;
    while ((code = tri_queue_get(run->queue, &message, sizeof message, &size, -1)) == 0) {
        CHECK(size == sizeof message);
        note(run, message, last);
        count++;
    }
    atomic_fetch_add(run->got, count);
    return code == TRI_ECLOSED ? 0 : 1;
}

/* ---- Messages of many sizes --------------------------------------------------------- */

/* Mostly small, now and then large; the same for the same message. */
static size_t size_of(struct message message, size_t largest)
{
    uint32_t hash = (message.producer + 1) * 2654435761u ^ (message.sequence + 1) * 40503u;
    hash ^= hash >> 15;
    hash *= 2246822519u;
    hash ^= hash >> 13;
    return sizeof message + (hash % 64 == 0 ? hash / 64 % (largest - sizeof message) : hash % 300);
}

static unsigned char byte_of(struct message message, size_t at)
{
    return (unsigned char)(message.producer * 31 + message.sequence * 7 + at * 13 + (at >> 8));
}

static int produce_mix(const void *argument)
{
    const struct run *run = argument;
    unsigned char *bytes = malloc(run->largest);
    for (uint32_t i = 0; i < run->each; i++) {
        struct message message = {run->producer, i};
        size_t size = size_of(message, run->largest);
        memcpy(bytes, &message, sizeof message);
        for (size_t at = sizeof message; at < size; at++)
            bytes[at] = byte_of(message, at);
        CHECK(tri_queue_put(run->queue, bytes, size, -1) == 0);
    }
    free(bytes);
    return 0;
}

static int consume_mix(const void *argument)
{
    const struct run *run = argument;
    unsigned char *bytes = malloc(run->largest);
    int64_t last[PRODUCERS_MAX] = {-1, -1, -1, -1, -1, -1, -1, -1};
    size_t size;
    int code, count = 0;
    while ((code = tri_queue_get(run->queue, bytes, run->largest, &size, -1)) == 0) {
        struct message message;
        memcpy(&message, bytes, sizeof message);
        note(run, message, last);
        CHECK(size == size_of(message, run->largest));
        for (size_t at = sizeof message; at < size; at++)
            CHECK(bytes[at] == byte_of(message, at));
        count++;
    }
    atomic_fetch_add(run->got, count);
    free(bytes);
    return code == TRI_ECLOSED ? 0 : 1;
}

/* ---- A run -------------------------------------------------------------------------- */

struct crew {
    tri_function *produce, *consume;
    int producers, consumers;
};

static void start_crew(struct run *run, const struct crew *crew, tri_process **processes)
{
    for (int i = 0; i < crew->producers; i++) {
        run->producer = (uint32_t)i;
        processes[i] = start(crew->produce, run, sizeof *run);
    }
    for (int i = 0; i < crew->consumers; i++)
        processes[crew->producers + i] = start(crew->consume, run, sizeof *run);
}

static void check_run(const struct run *run)
{
    uint64_t total = (uint64_t)run->producers * run->each;
    CHECK(atomic_load(run->got) == (int)total);
    for (uint64_t i = 0; i < total / 64; i++)
        CHECK(run->seen[i] == UINT64_MAX);
    for (uint64_t i = total / 64 * 64; i < total; i++)
        CHECK(run->seen[i / 64] >> (i % 64) & 1);
}

static void run_crew(struct crew crew, tri_queue_options options, uint32_t messages, size_t largest)
{
    tri_process *processes[2 * PRODUCERS_MAX];
    struct run run = {.producers = (uint32_t)crew.producers,
                      .each = messages / (uint32_t)crew.producers,
                      .largest = largest,
                      .seen = shared(messages / 8 + 8),
                      .got = new_flag()};
    CHECK(tri_queue_new(&run.queue, &options) == 0);
    start_crew(&run, &crew, processes);
    end_all(processes, crew.producers);
    CHECK(tri_queue_shutdown(run.queue, 0) == 0);
    end_all(processes + crew.producers, crew.consumers);
    check_run(&run);
    CHECK(tri_queue_empty(run.queue) == 1 && tri_queue_free(run.queue) == 0);
    tri_shared_free((void *)run.seen);
}

static void run_with(int producers)
{
    uint32_t messages = message_count(150000);
    for (int consumers = 1; consumers <= 8; consumers *= 2) {
        struct crew crew = {produce, consume, producers, consumers};
        run_crew(crew, (tri_queue_options){0}, messages, 0);
        run_crew(crew, (tri_queue_options){.messages = 100}, messages, 0);
        run_crew(crew, (tri_queue_options){.messages = 1}, messages / 10, 0);
        run_crew(crew, (tri_queue_options){.bytes = 64}, messages / 4, 0);
    }
}

static void test_one(void)
{
    run_with(1);
}

static void test_two(void)
{
    run_with(2);
}

static void test_four(void)
{
    run_with(4);
}

static void test_eight(void)
{
    run_with(8);
}

static void test_mix(void)
{
    static const size_t largest[] = {4000, 200000, 1 << 20};
    for (int i = 0; i < 3; i++)
        for (int count = 1; count <= 4; count *= 2) {
            struct crew crew = {produce_mix, consume_mix, count, count};
            uint32_t messages = message_count(3000);
            run_crew(crew, (tri_queue_options){.bytes = 4 << 20}, messages, largest[i]);
            run_crew(crew, (tri_queue_options){.messages = 3}, messages, largest[i]);
        }
}

static void test_ten_million(void)
{
    struct crew crew = {produce, consume, 1, 1};
    if (IS_SANITIZED)
        test_skip("ten million messages take too long with a sanitizer");
    run_crew(crew, (tri_queue_options){.messages = 10000}, 10000000, 0);
}

static const struct test tests[] = {
    {"one producer", test_one, ON_PARALLEL, 1, 0, 0},
    {"two producers", test_two, ON_PARALLEL, 1, 0, 0},
    {"four producers", test_four, ON_PARALLEL, 1, 0, 0},
    {"eight producers", test_eight, ON_PARALLEL, 1, 0, 0},
    {"messages of many sizes", test_mix, ON_PARALLEL, 1, 0, 0},
    {"ten million messages", test_ten_million, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
