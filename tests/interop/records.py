"""Records of FEI: the library finds in them what mrcfile finds, also in a real file of Velox, and mrcfile finds the same
in what the library writes, in both byte orders.

    records.py INTEROP_FILES FOLDER [FOLDER OF REAL FILES]
"""
import json
import os
import shutil
import subprocess
import sys

import mrc

mrcfile, np = mrc.need("mrcfile", "numpy")
from mrcfile.dtypes import get_ext_header_dtype  # noqa: E402


def made_up(kind, order, count, seed):
    """Records with other numbers in each field; only some fields are valid."""
    random = np.random.default_rng(seed)
    records = np.zeros(count, dtype=get_ext_header_dtype(kind, order))
    for name in records.dtype.names:
        field = records[name]
        if field.dtype.kind == "S":
            records[name] = [f"{name[:6]} {i}".encode() for i in range(count)]
        elif field.dtype.kind == "b":
            records[name] = random.integers(0, 2, count)
        elif field.dtype.kind == "f":
            records[name] = random.normal(size=count) * 1e-9
        else:
            records[name] = random.integers(0, 2**31, count)
    records["Metadata size"] = records.dtype.itemsize
    records["Metadata version"] = 0 if kind == b"FEI1" else 2
    return records


def valid_fields(record):
    """By the validity bits: one for each field behind a mask, six for the unused range."""
    mask, bit, fields = 0, 0, {}
    for name in record.dtype.names[2:]:
        if name.startswith("Bitmask"):
            mask, bit = int(record[name]), 0
            continue
        if name == "Unused range":
            bit += 6
            continue
        if mask >> bit & 1 and "reserved" not in name:
            value = record[name].item()
            fields[name] = value.split(b"\0")[0].decode() if isinstance(value, bytes) else value
        bit += 1
    return fields


def write(path, kind, order, records):
    with mrcfile.new(path, np.arange(len(records) * 12, dtype=order + "f4").reshape(-1, 3, 4)) as m:
        m.set_extended_header(records)
        m.header.exttyp = kind


def records_of(path, count):
    with mrcfile.open(path) as m:
        dtype = get_ext_header_dtype(m.header.exttyp.item(), ">" if m.header.machst[0] == 0x11 else "<")
        return np.frombuffer(m.extended_header.tobytes(), dtype=dtype, count=count)


def main(interop_files, folder, real=None):
    mrc.fresh(folder)
    counts = {}
    for kind in (b"FEI1", b"FEI2"):
        for order in "<>":
            name = kind.decode() + ("little" if order == "<" else "big")
            counts[name] = 5
            write(os.path.join(folder, name + ".mrc"), kind, order, made_up(kind, order, 5, len(counts)))
    if real:
        shutil.copy(os.path.join(real, "wild", "velox_haadf_fei2.mrc"), os.path.join(folder, "velox.mrc"))
        counts["velox"] = 1
    subprocess.run([interop_files, "records", folder], check=True)
    with open(os.path.join(folder, "records.json")) as file:
        found = json.load(file)
    for name, count in counts.items():
        original = records_of(os.path.join(folder, name + ".mrc"), count)
        expected = [valid_fields(record) for record in original]
        if found[name] != expected:
            raise AssertionError(f"{name}: the library finds {found[name]}, mrcfile {expected}")
        if not any(expected):
            raise AssertionError(f"{name}: nothing is valid")
        for other in ("made", "big", "little"):
            again = records_of(os.path.join(folder, f"{name}.{other}"), count)
            if [valid_fields(record) for record in again] != expected:
                raise AssertionError(f"{name}.{other}: mrcfile finds other fields than in the original")
        for other in ("big", "little"):
            again = records_of(os.path.join(folder, f"{name}.{other}"), count)
            for field in original.dtype.names:
                if not np.array_equal(again[field], original[field]):
                    raise AssertionError(f"{name}.{other}: {field} is another number")
    print(f"{sum(counts.values())} records say the same to mrcfile and to the library")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
