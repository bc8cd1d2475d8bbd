"""Prints the median seconds that mrcfile takes to read FILE and to write it as COPY: IN OUT REPEATS."""
import json
import os
import statistics
import sys
import time

import mrcfile

source, copy, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])


def seconds(action):
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def read():
    with mrcfile.open(source) as f:
        return f.data


def write(data):
    if os.path.exists(copy):
        os.remove(copy)
    with mrcfile.new(copy) as f:
        f.set_data(data)


data = read()
write(data)
times = {"read": [], "write": []}
for _ in range(repeats):
    times["read"].append(seconds(read))
    times["write"].append(seconds(lambda: write(data)))
os.remove(copy)
print(json.dumps({name: statistics.median(values) for name, values in times.items()}))
