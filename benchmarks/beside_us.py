"""Prints the median seconds that mrcfile and gemmi take to read FILE, and mrcfile to write it as COPY: IN OUT REPEATS."""
import json
import os
import statistics
import sys
import time

import gemmi
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
actions = {
    "mrcfile, write": lambda: write(data),
    "mrcfile, read": read,
    "gemmi, read as float": lambda: gemmi.read_ccp4_map(source),
}
times = {name: [] for name in actions}
for round in range(repeats + 1):  # the first one fills the caches
    for name, action in actions.items():
        took = seconds(action)
        if round > 0:
            times[name].append(took)
os.remove(copy)
print(json.dumps({name: statistics.median(values) for name, values in times.items()}))
