# with_pandas.py FILE.csv MIN MAX THREADS: each row's values in range, and the histogram of these.
# Its reader has one thread. That it is told the type, the smallest, is a third of the time.
import sys

import pandas as pd

path, low, high, _ = sys.argv[1:]
decimals = '.' in low
low, high = float(low), float(high)
table = pd.read_csv(path, header=None, dtype='float64' if decimals else 'int8')
counts = ((table >= low) & (table <= high)).sum(axis=1)
print(*counts.value_counts().reindex(range(table.shape[1] + 1), fill_value=0))
