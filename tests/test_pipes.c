/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pipes: messages both ways, whole, of all sizes, whatever signals come; and what is left when an
 * end is closed. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

#include <signal.h>
#include <sys/syscall.h>

struct pipe {
    tri_pipe ends[2];
};

static struct pipe new_pipe(void)
{
    struct pipe pipe;
    CHECK(tri_pipe_new(pipe.ends) == 0 && pipe.ends[0].id != 0 && pipe.ends[1].id != 0);
    return pipe;
}

static void close_both(struct pipe pipe)
{
    CHECK(tri_pipe_close(pipe.ends[0]) == 0 && tri_pipe_close(pipe.ends[1]) == 0);
}

static int send_number(tri_pipe end, int number)
{
    return tri_pipe_send(end, &number, sizeof number, -1);
}

/* What is received; a negative code for none. */
static int recv_number(tri_pipe end, double timeout_s)
{
    int number = -1;
    size_t size = 0;
    int code = tri_pipe_recv(end, &number, sizeof number, &size, timeout_s);
    if (code != 0)
        return code;
    CHECK(size == sizeof number && number >= 0);
    return number;
}

static unsigned char byte_of(size_t at, unsigned seed)
{
    return (unsigned char)((at * 2654435761u >> 13) ^ (at >> 3) ^ (seed * 40503u));
}

static unsigned char *new_message(size_t size, unsigned seed)
{
    unsigned char *message = malloc(size + 1);
    CHECK(message != NULL);
    for (size_t i = 0; i < size; i++)
        message[i] = byte_of(i, seed);
    return message;
}

static void send_filled(tri_pipe end, size_t size, unsigned seed)
{
    unsigned char *message = new_message(size, seed);
    CHECK(tri_pipe_send(end, size ? message : NULL, size, -1) == 0);
    free(message);
}

static void recv_filled(tri_pipe end, size_t size, unsigned seed)
{
    unsigned char *message = malloc(size + 1);
    size_t actual = 12345;
    CHECK(message != NULL && tri_pipe_recv(end, message, size + 1, &actual, -1) == 0);
    CHECK(actual == size);
    for (size_t i = 0; i < size; i++)
        CHECK(message[i] == byte_of(i, seed));
    free(message);
}

static const size_t sizes[] = {0,    1,     7,    100,     4095,          4096,
                               4097, 65536, 9999, 1 << 20, (1 << 20) + 3, (5 << 20) + 1};

enum { SIZES = sizeof sizes / sizeof *sizes };

/* ---- Both ways ---------------------------------------------------------------------- */

static void test_both_ways(void)
{
    struct pipe pipe = new_pipe();
    for (int i = 0; i < 100; i++)
        CHECK(send_number(pipe.ends[0], i) == 0 && send_number(pipe.ends[1], 1000 + i) == 0);
    for (int i = 0; i < 100; i++)
        CHECK(recv_number(pipe.ends[1], -1) == i && recv_number(pipe.ends[0], 0) == 1000 + i);
    for (int i = 0; i < 2; i++) {
        CHECK_LATE(recv_number(pipe.ends[i], 0), 0);
        CHECK_LATE(recv_number(pipe.ends[i], 0.03), 0.03);
    }
    close_both(pipe);
}

static int echo(const void *argument)
{
    const struct pipe *pipe = argument;
    for (int number; (number = recv_number(pipe->ends[1], -1)) != TRI_ECLOSED;) {
        CHECK(number >= 0);
        CHECK(send_number(pipe->ends[1], number + 1) == 0);
    }
    return tri_pipe_close(pipe->ends[1]);
}

static void test_ping_pong(void)
{
    struct pipe pipe = new_pipe();
    tri_process *process = start(echo, &pipe, sizeof pipe);
    for (int i = 0; i < 10000; i++)
        CHECK(send_number(pipe.ends[0], i) == 0 && recv_number(pipe.ends[0], -1) == i + 1);
    CHECK(tri_pipe_close(pipe.ends[0]) == 0 && end(process) == 0);
}

static int send_back(const void *argument)
{
    const struct pipe *pipe = argument;
    for (unsigned i = 0; i < SIZES; i++) {
        recv_filled(pipe->ends[1], sizes[i], i);
        send_filled(pipe->ends[1], sizes[i], i + 1);
    }
    return 0;
}

static void test_sizes(void)
{
    struct pipe pipe = new_pipe();
    tri_process *process = start(send_back, &pipe, sizeof pipe);
    for (unsigned i = 0; i < SIZES; i++) {
        send_filled(pipe.ends[0], sizes[i], i);
        recv_filled(pipe.ends[0], sizes[i], i + 1);
    }
    CHECK(end(process) == 0);
    close_both(pipe);
}

static int send_all_sizes(const void *argument)
{
    const struct pipe *pipe = argument;
    for (unsigned round = 0; round < 5; round++)
        for (unsigned i = 0; i < SIZES; i++)
            send_filled(pipe->ends[1], sizes[i], round + i);
    return 0;
}

/* Both send before either receives as much: each has to wait for the other. */
static void test_at_the_same_time(void)
{
    struct pipe pipe = new_pipe();
    struct pipe turned = {{pipe.ends[1], pipe.ends[0]}};
    tri_process *processes[] = {start(send_all_sizes, &pipe, sizeof pipe),
                                start(send_all_sizes, &turned, sizeof turned)};
    for (unsigned round = 0; round < 5; round++)
        for (unsigned i = 0; i < SIZES; i++) {
            recv_filled(pipe.ends[0], sizes[i], round + i);
            recv_filled(pipe.ends[1], sizes[i], round + i);
        }
    end_all(processes, 2);
    close_both(pipe);
}

static void test_small_room(void)
{
    struct pipe pipe = new_pipe();
    unsigned char room[4] = {0xee};
    for (unsigned i = 1; i < SIZES; i++) {
        size_t actual = 0;
        send_filled(pipe.ends[0], sizes[i], i);
        CHECK_REFUSED(tri_pipe_recv(pipe.ends[1], room, 0, &actual, -1), TRI_EINVAL);
        CHECK(actual == sizes[i] && room[0] == 0xee);
        CHECK(tri_pipe_poll(pipe.ends[1], 0) == 0);
        recv_filled(pipe.ends[1], sizes[i], i);
    }
    close_both(pipe);
}

/* About a MiB is under way, and a message that is larger if there is no other. */
static void test_full(void)
{
    struct pipe pipe = new_pipe();
    unsigned char *message = new_message(1 << 16, 0);
    int count = 0;
    while (tri_pipe_send(pipe.ends[0], message, 1 << 16, 0) == 0)
        count++;
    CHECK(count >= 4 && count <= 64);
    CHECK_LATE(tri_pipe_send(pipe.ends[0], message, 1 << 16, 0.03), 0.03);
    CHECK(tri_pipe_send(pipe.ends[1], message, 1 << 16, 0) == 0); /* the other way is free */
    for (int i = 0; i < count; i++)
        recv_filled(pipe.ends[1], 1 << 16, 0);
    CHECK_LATE(tri_pipe_poll(pipe.ends[1], 0), 0);
    send_filled(pipe.ends[0], 3 << 20, 5);
    CHECK_LATE(tri_pipe_send(pipe.ends[0], message, 1, 0), 0);
    recv_filled(pipe.ends[1], 3 << 20, 5);
    close_both(pipe);
    free(message);
}

enum { WAITERS = 4 };

struct one {
    tri_pipe end;
    int number;
    _Atomic int *thread;
};

static int send_one(const void *argument)
{
    const struct one *one = argument;
    note_waiter(one->thread);
    return send_number(one->end, one->number);
}

static int recv_one(const void *argument)
{
    const struct one *one = argument;
    note_waiter(one->thread);
    return recv_number(one->end, -1) == one->number ? 0 : 1;
}

static void start_waiters(tri_pipe end, tri_function *function, tri_process **processes)
{
    for (int i = 0; i < WAITERS; i++) {
        struct one one = {end, i, new_flag()};
        processes[i] = start(function, &one, sizeof one);
        wait_until_waiting(one.thread);
    }
}

/* What is received makes room for all who wait to send; who wait to receive are served in order. */
static void test_many_wait(void)
{
    struct pipe pipe = new_pipe();
    tri_process *senders[WAITERS], *receivers[WAITERS];
    send_filled(pipe.ends[0], 1 << 20, 1);
    start_waiters(pipe.ends[0], send_one, senders);
    recv_filled(pipe.ends[1], 1 << 20, 1);
    end_all(senders, WAITERS);
    for (int i = 0; i < WAITERS; i++)
        CHECK(recv_number(pipe.ends[1], 0) == i);
    start_waiters(pipe.ends[1], recv_one, receivers);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(send_number(pipe.ends[0], i) == 0);
        CHECK(end(receivers[i]) == 0);
    }
    close_both(pipe);
}

/* ---- Poll --------------------------------------------------------------------------- */

static int send_later(const void *argument)
{
    const struct pipe *pipe = argument;
    nap(0.05);
    return send_number(pipe->ends[1], 5);
}

static int close_later(const void *argument)
{
    const struct pipe *pipe = argument;
    nap(0.05);
    return tri_pipe_close(pipe->ends[1]);
}

static void test_poll(void)
{
    struct pipe pipe = new_pipe();
    CHECK_LATE(tri_pipe_poll(pipe.ends[0], 0), 0);
    CHECK_LATE(tri_pipe_poll(pipe.ends[0], 0.03), 0.03);
    CHECK(send_number(pipe.ends[0], 3) == 0);
    CHECK_LATE(tri_pipe_poll(pipe.ends[0], 0), 0); /* that was for the other end */
    CHECK(tri_pipe_poll(pipe.ends[1], 0) == 0 && tri_pipe_poll(pipe.ends[1], -1) == 0);
    CHECK(recv_number(pipe.ends[1], 0) == 3);
    CHECK_LATE(tri_pipe_poll(pipe.ends[1], 0), 0);
    tri_process *process = start(send_later, &pipe, sizeof pipe);
    CHECK(tri_pipe_poll(pipe.ends[0], -1) == 0 && recv_number(pipe.ends[0], 0) == 5);
    CHECK(end(process) == 0);
    process = start(close_later, &pipe, sizeof pipe);
    CHECK(tri_pipe_poll(pipe.ends[0], -1) == 0);
    CHECK_REFUSED(recv_number(pipe.ends[0], -1), TRI_ECLOSED);
    CHECK(end(process) == 0 && tri_pipe_poll(pipe.ends[0], -1) == 0);
    CHECK(tri_pipe_close(pipe.ends[0]) == 0);
}

/* Messages that are empty take room as well. */
static void test_empty_messages_are_bounded(void)
{
    struct pipe pipe = new_pipe();
    int64_t sent = 0;
    while (tri_pipe_send(pipe.ends[0], NULL, 0, 0) == 0)
        sent++;
    CHECK(sent > 1000 && sent < 1000000 && says("have to be waited for"));
    for (size_t size = 1; sent > 0; sent--, size = 1)
        CHECK(tri_pipe_recv(pipe.ends[1], NULL, 0, &size, 0) == 0 && size == 0);
    CHECK_LATE(tri_pipe_recv(pipe.ends[1], NULL, 0, NULL, 0), 0);
    close_both(pipe);
}

/* ---- Closed ------------------------------------------------------------------------- */

static void test_close(void)
{
    struct pipe pipe = new_pipe();
    send_filled(pipe.ends[0], 100, 1);
    send_filled(pipe.ends[0], 600000, 2);
    CHECK(send_number(pipe.ends[1], 7) == 0);
    CHECK(tri_pipe_close(pipe.ends[0]) == 0);
    int code = tri_pipe_send(pipe.ends[0], "x", 1, 0);
    CHECK(code == TRI_ECLOSED || code == TRI_EINVAL);
    code = recv_number(pipe.ends[0], 0);
    CHECK(code == TRI_ECLOSED || code == TRI_EINVAL);
    CHECK_REFUSED(send_number(pipe.ends[1], 8), TRI_ECLOSED);
    recv_filled(pipe.ends[1], 100, 1);
    recv_filled(pipe.ends[1], 600000, 2);
    for (int i = 0; i < 2; i++)
        CHECK_REFUSED(recv_number(pipe.ends[1], -i), TRI_ECLOSED);
    code = tri_pipe_close(pipe.ends[0]);
    CHECK(code == TRI_ECLOSED || code == TRI_EINVAL);
    CHECK(tri_pipe_close(pipe.ends[1]) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK_REFUSED(tri_pipe_close(pipe.ends[i]), TRI_EINVAL);
        CHECK_REFUSED(send_number(pipe.ends[i], 1), TRI_EINVAL);
        CHECK_REFUSED(recv_number(pipe.ends[i], -1), TRI_EINVAL);
        CHECK_REFUSED(tri_pipe_poll(pipe.ends[i], -1), TRI_EINVAL);
    }
}

struct waiter {
    struct pipe pipe;
    int sends;
    _Atomic int *thread;
};

static int wait_at_an_end(const void *argument)
{
    const struct waiter *waiter = argument;
    unsigned char *message = new_message(1 << 20, 0);
    int code = 0;
    note_waiter(waiter->thread);
    while (waiter->sends && code == 0)
        code = tri_pipe_send(waiter->pipe.ends[0], message, 1 << 20, -1);
    if (!waiter->sends)
        code = recv_number(waiter->pipe.ends[0], -1);
    CHECK(code == TRI_ECLOSED && *tri_error_message());
    free(message);
    return 0;
}

/* Whichever end is closed, who waits at the one is told. */
static void test_closed_while_waiting(void)
{
    for (int i = 0; i < 4; i++) {
        struct waiter waiter = {new_pipe(), i % 2, new_flag()};
        tri_process *process = start(wait_at_an_end, &waiter, sizeof waiter);
        wait_until_waiting(waiter.thread);
        CHECK(tri_pipe_close(waiter.pipe.ends[i / 2]) == 0 && end(process) == 0);
        CHECK(tri_pipe_close(waiter.pipe.ends[1 - i / 2]) == 0);
    }
}

static void test_freed_with_messages(void)
{
    unsigned char *message = new_message(1 << 19, 0);
    for (int i = 0; i < 1000; i++) {
        struct pipe pipe = new_pipe();
        for (int m = 0; m < 200; m++)
            CHECK(send_number(pipe.ends[m % 2], m) == 0);
        CHECK(tri_pipe_send(pipe.ends[0], message, 1 << 19, -1) == 0);
        close_both(pipe);
    }
    free(message);
}

/* ---- Signals while messages are transferred ----------------------------------------- */

static _Thread_local volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

enum { LARGE = 8 << 20, LARGE_COUNT = 12 };

static int receive_with_signals(const void *argument)
{
    const struct waiter *waiter = argument;
    struct sigaction action = {.sa_handler = count_signal};
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(waiter->thread, gettid());
    while (signals == 0)
        nap(0.0005);
    for (unsigned i = 0; i < LARGE_COUNT; i++)
        recv_filled(waiter->pipe.ends[1], LARGE, i);
    for (unsigned i = 0; i < LARGE_COUNT; i++)
        send_filled(waiter->pipe.ends[1], LARGE, i);
    CHECK(recv_number(waiter->pipe.ends[1], -1) == 1);
    atomic_store(waiter->thread, 0);
    return 0;
}

struct signaller {
    long process;
    _Atomic int *thread;
};

static int send_signals(const void *argument)
{
    const struct signaller *signaller = argument;
    for (int thread; (thread = atomic_load(signaller->thread)) != 0; nap(0.0005))
        syscall(SYS_tgkill, signaller->process, thread, SIGUSR1);
    return 0;
}

static void test_signals(void)
{
    struct waiter waiter = {new_pipe(), 0, new_flag()};
    tri_process *receiver = start(receive_with_signals, &waiter, sizeof waiter);
    wait_until(waiter.thread, 1);
    struct signaller signaller = {tri_process_id(receiver), waiter.thread};
    tri_process *sender = start(send_signals, &signaller, sizeof signaller);
    for (unsigned i = 0; i < LARGE_COUNT; i++)
        send_filled(waiter.pipe.ends[0], LARGE, i);
    nap(0.02); /* it waits to send */
    for (unsigned i = 0; i < LARGE_COUNT; i++)
        recv_filled(waiter.pipe.ends[0], LARGE, i);
    nap(0.02); /* it waits to receive */
    CHECK(send_number(waiter.pipe.ends[0], 1) == 0);
    CHECK(end(receiver) == 0 && end(sender) == 0);
    close_both(waiter.pipe);
}

static const struct test tests[] = {
    {"both ways", test_both_ways, 0, 0, 0, 0},
    {"ping-pong", test_ping_pong, ON_PARALLEL, 1, 0, 0},
    {"messages of all sizes", test_sizes, ON_PARALLEL, 1, 0, 0},
    {"both ways at the same time", test_at_the_same_time, ON_PARALLEL, 1, 0, 0},
    {"the room is too small", test_small_room, 0, 0, 0, 0},
    {"a full pipe", test_full, 0, 0, 0, 0},
    {"many wait at an end", test_many_wait, ON_PARALLEL, 1, 0, 0},
    {"poll", test_poll, ON_LOCAL, 1, 0, 0},
    {"close", test_close, 0, 0, 0, 0},
    {"closed while others wait", test_closed_while_waiting, ON_PARALLEL, 1, 0, 0},
    {"freed with messages", test_freed_with_messages, 0, 0, 0, 0},
    {"signals while messages are transferred", test_signals, ON_PARALLEL, 1, 0, 0},
    {"empty messages are bounded", test_empty_messages_are_bounded, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
