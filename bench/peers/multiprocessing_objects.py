# multiprocessing_objects.py FIGURE: the figures of bench/objects.c, by the same names, with Python's
# multiprocessing. Prints seconds, or bytes a second. Each is the median of several times after one
# that is not counted, as there.
import multiprocessing as mp
import os
import statistics
import sys
import time

PAIRS = 200000
TRANSACTIONS = 10000
MESSAGES = 40000
MIB = 1 << 20
LARGE = 128
BUFFERS = 64
RINGS = 200


def median(runs, function):
    return statistics.median([function() for run in range(-1, runs)][1:])


def run_member(gate, times, work, number, arguments):
    work(number, lambda: (gate.wait(), times.put(time.perf_counter())), *arguments)
    times.put(time.perf_counter())


# Of processes that do something together; each says by begin() that it is ready.
def crew(work, count, *arguments):
    gate = mp.Barrier(count)
    times = mp.SimpleQueue()
    members = [mp.Process(target=run_member, args=(gate, times, work, number, arguments))
               for number in range(count)]
    for member in members:
        member.start()
    stamps = [times.get() for i in range(2 * count)]
    for member in members:
        member.join()
    return max(stamps) - min(stamps)


# Number 0 on one CPU and number 1 on another, if there is one.
def keep_cpu(number):
    os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[-number]])


# ---- Locks

def lock():
    one = mp.Lock()

    def pairs():
        start = time.perf_counter()
        for i in range(PAIRS):
            one.acquire()
            one.release()
        return time.perf_counter() - start

    return median(3, pairs) / PAIRS


def contend(number, begin, one, pairs):
    keep_cpu(number)
    begin()
    for i in range(pairs):
        one.acquire()
        one.release()


def lock_contended():
    return median(3, lambda: crew(contend, 2, mp.Lock(), PAIRS)) / (2 * PAIRS)


def transact(balance, one, amount):
    for i in range(TRANSACTIONS):
        one.acquire()
        balance.value = balance.value + amount
        one.release()


def bank():
    def once():
        balance = mp.Value('i', 100)
        one = mp.Lock()
        start = time.perf_counter()
        processes = [mp.Process(target=transact, args=(balance, one, amount)) for amount in (-1, 1)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        return time.perf_counter() - start

    return median(10, once)


# ---- Messages

def exchange(number, begin, queue, senders, count):
    begin()
    if number < senders:
        for i in range(count):
            queue.put(i)
    else:
        for i in range(count):
            queue.get()


def queue_seconds(new_queue, senders):
    return median(3, lambda: crew(exchange, 2 * senders, new_queue(), senders,
                                  MESSAGES // senders)) / MESSAGES


def queue():
    return queue_seconds(mp.Queue, 1)


def simple_queue():
    return queue_seconds(mp.SimpleQueue, 1)


def queue_4():
    return queue_seconds(mp.Queue, 4)


def simple_queue_4():
    return queue_seconds(mp.SimpleQueue, 4)


def exchange_large(number, begin, queue):
    buffers = [b'1' * MIB for i in range(BUFFERS)]
    begin()
    for i in range(LARGE):
        if number == 0:
            queue.put(buffers[i % BUFFERS])
        else:
            buffers[i % BUFFERS] = queue.get()


def large():
    return LARGE * MIB / median(3, lambda: crew(exchange_large, 2, mp.SimpleQueue()))


# ---- Events

def ring(number, begin, event, heard, times):
    keep_cpu(number)
    begin()
    latencies = []
    for i in range(RINGS):
        if number == 0:
            heard.acquire()
            time.sleep(1e-3)
            times.put(time.perf_counter())
            event.set()
        else:
            event.wait()
            now = time.perf_counter()
            latencies.append(now - times.get())
            event.clear()
            heard.release()
    if number == 1:
        times.put(statistics.median(latencies))


def event():
    times = mp.SimpleQueue()
    crew(ring, 2, mp.Event(), mp.Semaphore(1), times)
    return times.get()


figures = (lock, lock_contended, bank, queue, simple_queue, queue_4, simple_queue_4, large, event)

if __name__ == '__main__':
    for figure in figures:
        if figure.__name__ == sys.argv[1]:
            print('%.4g' % figure())
            break
    else:
        sys.exit('multiprocessing_objects.py: no figure ' + sys.argv[1])
