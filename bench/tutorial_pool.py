# The tutorial's program, unchanged but for the guard of what it prints.
import multiprocessing as mp
import time

def calc_partial_pi(rank, nprocs, nsteps, dx):
    partial_pi = 0.0
    for i in range(rank, nsteps, nprocs):
        x = (i + 0.5) * dx
        partial_pi += 4.0 / (1.0 + x * x)
    partial_pi *= dx
    return partial_pi


if __name__ == '__main__':

    nsteps = 100000000
    dx = 1.0 / nsteps
    pi = 0.0

    t0 = time.time()
    nprocs = mp.cpu_count()
    inputs = [(rank, nprocs, nsteps, dx) for rank in range(nprocs)]

    pool = mp.Pool(processes=nprocs)
    result = pool.starmap(calc_partial_pi, inputs)
    pi = sum(result)
    t1 = time.time()
    print(pi, f'Execution time {t1 - t0} s for parallel version')
