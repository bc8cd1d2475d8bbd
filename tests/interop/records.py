"""Records in extended headers, in both byte orders. Those of FEI: the library finds in them what mrcfile finds, also in
a real file of Velox, and mrcfile finds the same in what the library writes. Those of SerialEM, of FEI's older programs
and of other programs in Agard's format, and symmetry operators: the library finds what numpy wrote, by the tables of
IMOD and FEI, and numpy finds the same in what the library writes.

    records.py INTEROP_FILES FOLDER [FOLDER OF REAL FILES]
"""
import json
import math
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


def write(path, kind, order, records, numbers=(0, 0)):
    """`numbers` are NINT and NREAL, which mrcfile does not know."""
    with mrcfile.new(path, np.arange(len(records) * 12, dtype=order + "f4").reshape(-1, 3, 4)) as m:
        m.set_extended_header(np.frombuffer(records.tobytes(), dtype="V1"))
        m.header.exttyp = kind
    with open(path, "r+b") as file:
        file.seek(128)
        file.write(np.array(numbers, dtype=order + "i2").tobytes())


def opened(path):
    """What mrcfile says of EXTTYP, byte order and extended header, and NINT and NREAL."""
    with mrcfile.open(path) as m:
        order = ">" if m.header.machst[0] == 0x11 else "<"
        extended = m.extended_header.tobytes()
        kind = m.header.exttyp.item()
    with open(path, "rb") as file:
        numbers = np.frombuffer(file.read(132)[128:], dtype=order + "i2").tolist()
    return kind, order, extended, numbers


def records_of(path, count):
    kind, order, extended, _ = opened(path)
    return np.frombuffer(extended, dtype=get_ext_header_dtype(kind, order), count=count)


# SerialEM: bit of NREAL, numpy's types, and the fields that the numbers of an item make

def dose(s1, s2):
    """IMOD's formula for a float in two shorts, in electrons per square metre."""
    s1, s2 = int(s1), int(s2)
    exponent = math.copysign(1, s2) * (abs(s2) // 256)
    return math.copysign(1, s1) * (abs(s1) * 256 + abs(s2) % 256) * 2.0**exponent * 1e20


ITEMS = [
    ("i2", lambda a: {"Tilt angle": a / 100}),
    ("u2 u2 i2",
     lambda x, y, z: {"Piece coordinate X": int(x), "Piece coordinate Y": int(y), "Piece coordinate Z": int(z)}),
    ("i2 i2", lambda x, y: {"Stage position X": x / 25e6, "Stage position Y": y / 25e6}),
    ("i2", lambda a: {"Magnification": int(a) * 100.0}),
    ("i2", lambda a: {"Intensity": a / 25000}),
    ("i2 i2", lambda a, b: {"Exposure dose": dose(a, b)}),
    ("i2", None), ("i2 i2", None), ("i2", None), ("i2 i2", None), ("i2", None),
]


def serialem_dtype(order, flags):
    """Fields 'bit number'."""
    return np.dtype([(f"{bit} {i}", order + code) for bit, (codes, _) in enumerate(ITEMS) if flags >> bit & 1
                     for i, code in enumerate(codes.split())])


def serialem_records(order, flags, count, seed):
    random = np.random.default_rng(seed)
    records = np.zeros(count, dtype=serialem_dtype(order, flags))
    for name in records.dtype.names:
        limits = np.iinfo(records.dtype[name])
        records[name] = random.integers(limits.min + 1, limits.max, count)
    if flags >> 5 & 1:  # 23 bits, of which the first is set, as SerialEM writes them
        records["5 0"] = random.choice([-1, 1], count) * random.integers(2**14, 2**15, count)
    return records


def serialem_fields(record, flags):
    fields = {}
    for bit, (codes, field) in enumerate(ITEMS):
        if flags >> bit & 1 and field:
            fields.update(field(*(record[f"{bit} {i}"] for i in range(len(codes.split())))))
    return fields


# Agard and FEI

NAMES = ["a_tilt", "b_tilt", "x_stage", "y_stage", "z_stage", "x_shift", "y_shift", "defocus", "exp_time", "mean_int",
         "tilt_axis", "pixel_size", "magnification", "ht", "binning", "appliedDefocus"]


def agard_fields(numbers, order, integers, reals):
    """Fields of one record, whose bytes are given."""
    named = NAMES if (integers, reals) == (0, 32) else NAMES[:min(reals, 1)]
    values = np.frombuffer(numbers, dtype=order + "f4")[integers:].astype("f8")
    fields = dict(zip(named, values.tolist()))
    lengths = NAMES[2:8]
    if any(abs(fields.get(name, 0)) > 1 for name in lengths):
        fields.update({name: float(np.float32(fields[name] / 1e6)) for name in lengths})
    return {**fields, "integers": np.frombuffer(numbers, dtype=order + "i4")[:integers].tolist(),
            "reals": values[len(named):].tolist()}


def agard_bytes(order, integers, reals, count, seed, scale):
    random = np.random.default_rng(seed)
    part = [(random.integers(-2**31, 2**31, integers).astype(order + "i4").tobytes() +
             (random.uniform(-1, 1, reals) * scale).astype(order + "f4").tobytes()) for _ in range(count)]
    return b"".join(part)


def same(found, expected):
    """Floats that went through JSON and through another unit differ in the last bits."""
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-6)
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[key], value) for key, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected


def expect(name, found, expected, what="fields"):
    if not same(found, expected):
        raise AssertionError(f"{name} has the {what} {found}, expected {expected}")


def write_others(folder, count):
    """Files of SerialEM, of Agard's format and of CCP4: name of a file to (NINT, NREAL, fields by byte order)."""
    files = {}
    for order, named in (("<", "little"), (">", "big")):
        for flags in (0b1, 0b101001, 0b111111, 0b11111111111, 0b10010000010):
            for kind in (b"SERI", b"\0\0\0\0"):
                name = f"SERI{flags}{named}{'' if kind == b'SERI' else 'untyped'}"
                records = serialem_records(order, flags, count, len(files))
                write(os.path.join(folder, name + ".mrc"), kind, order, records, (records.itemsize, flags))
                files[name] = [serialem_fields(record, flags) for record in records]
        for integers, reals, kind, numbers, scale in (
                (0, 32, b"AGAR", (0, 32), 1), (0, 32, b"AGAR", (128, 32), 100), (0, 32, b"    ", (0, 32), 100),
                (0, 32, b"\0\0\0\0", (128, 32), 1), (0, 32, b"\0\0\0\0", (0, 0), 1), (3, 5, b"AGAR", (3, 5), 1)):
            name = f"AGAR{len(files)}{named}"
            size = 4 * (integers + reals)
            raw = agard_bytes(order, integers, reals, count, len(files), scale)
            padded = raw + bytes((131072 if numbers == (0, 0) else size * (count + 2)) - len(raw))
            write(os.path.join(folder, name + ".mrc"), kind, order, np.zeros((count, 1), dtype="u1"), numbers)
            with mrcfile.open(os.path.join(folder, name + ".mrc"), "r+") as m:
                m.set_extended_header(np.frombuffer(padded, dtype="V1"))
                m.header.exttyp = kind
            files[name] = [agard_fields(raw[i * size:(i + 1) * size], order, integers, reals) for i in range(count)]
        for kind in (b"CCP4", b"\0\0\0\0"):
            name = f"CCP4{named}{len(files)}"
            lines = ["X,  Y,  Z", "-X,  Y+1/2,  -Z", "~" * 80]
            padded = np.array([line.ljust(80) for line in lines], dtype="S80")
            write(os.path.join(folder, name + ".mrc"), kind, order, padded)
            files[name] = lines
    return files


def fields_in(path, kind, count):
    """What numpy finds in a file that the library wrote."""
    exttyp, order, extended, (nint, nreal) = opened(path)
    if kind == "SERI":
        return [serialem_fields(record, nreal)
                for record in np.frombuffer(extended[:nint * count], dtype=serialem_dtype(order, nreal))]
    if kind == "AGAR":
        if (nint, nreal) in ((128, 32), (0, 0)):
            nint, nreal = 0, 32
        size = 4 * (nint + nreal)
        return [agard_fields(extended[i * size:(i + 1) * size], order, nint, nreal) for i in range(count)]
    if exttyp != b"CCP4":
        raise AssertionError(f"{path} has the type {exttyp}")
    return [extended[at:at + 80].decode().rstrip() for at in range(0, len(extended), 80)]


def swapped(raw, size):
    return np.frombuffer(raw, dtype=f"u{size}").byteswap().tobytes()


def check_others(folder, files, found, count):
    for name, expected in files.items():
        kind = name[:4]
        expect(name, found[name], expected)
        _, order, original, numbers = opened(os.path.join(folder, name + ".mrc"))
        for other in ("made", "big", "little"):
            path = os.path.join(folder, f"{name}.{other}")
            again = fields_in(path, kind, count)
            expect(f"{name}.{other}", again, expected)
            if other == "made":
                continue
            _, order_now, raw, numbers_now = opened(path)
            size = {"SERI": 2, "AGAR": 4, "CCP4": 1}[kind]
            if raw != (original if order_now == order else swapped(original, size)) or numbers_now != numbers:
                raise AssertionError(f"{name}.{other}: the extended header has other numbers")


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
    others = write_others(folder, 3)
    subprocess.run([interop_files, "records", folder], check=True)
    with open(os.path.join(folder, "records.json")) as file:
        found = json.load(file)
    check_others(folder, others, found, 3)
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
    print(f"{sum(counts.values())} records say the same to mrcfile and to the library, and those of {len(others)} "
          "other files to numpy and to the library")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
