# multiprocessing_pool.py FIGURE [GIGABYTES]: the figures of bench/pool.c, by the same names, with
# Python's multiprocessing, and concurrent.futures for the futures. Prints seconds. Each is the
# median of several times after one that is not counted, as there.
import mmap
import multiprocessing as mp
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

gigabytes = float(sys.argv[2]) if len(sys.argv) > 2 else 8


def empty(argument=None):
    pass


def median(runs, function):
    times = []
    for run in range(-1, runs):
        start = time.perf_counter()
        function()
        if run >= 0:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def map_seconds(tasks, chunk):
    arguments = list(range(tasks))
    with mp.Pool(2) as pool:
        return median(3, lambda: pool.map(empty, arguments, chunk)) / tasks


def map_chunk_1():
    return map_seconds(20000, 1)


def map_auto():
    return map_seconds(1000000, None)


def futures():
    count = 3000

    def submit_and_collect():
        for future in [executor.submit(empty, i) for i in range(count)]:
            future.result()

    with ProcessPoolExecutor(2) as executor:
        return median(3, submit_and_collect) / count


def apply_seconds(workers):
    with mp.Pool(workers) as pool:
        return median(1000, lambda: pool.apply(empty, (0,)))


def apply_1_worker():
    return apply_seconds(1)


def apply_2_workers():
    return apply_seconds(2)


def pool_used_once():
    def use():
        pool = mp.Pool(2)
        pool.map(empty, (0, 0))
        pool.close()
        pool.join()

    return median(50, use)


def process():
    def start_and_join():
        one = mp.Process(target=empty)
        one.start()
        one.join()

    return median(30, start_and_join)


def process_of_large_program():
    size = int(gigabytes * (1 << 30))
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for offset in range(0, size, mmap.PAGESIZE):
        memory[offset] = 1
    return process()


# The clock of another process' CPU time, as clock_getcpuclockid(3) makes it on Linux.
def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)


def idle():
    with mp.Pool(2) as pool:
        pool.map(empty, (0, 0))
        pids = [os.getpid()] + [child.pid for child in mp.active_children()]
        time.sleep(0.1)
        before = sum(map(cpu_seconds, pids))
        time.sleep(5)
        return sum(map(cpu_seconds, pids)) - before


figures = (map_chunk_1, map_auto, futures, apply_1_worker, apply_2_workers, pool_used_once,
           process, process_of_large_program, idle)

if __name__ == '__main__':
    for figure in figures:
        if figure.__name__ == sys.argv[1]:
            print('%.4g' % figure())
            break
    else:
        sys.exit('multiprocessing_pool.py: no figure ' + sys.argv[1])
