"""What the interoperability tests share: a parser of the header, written from the tables of MRC2014 and MRCZ and not
with mrcfile, the formulas of interop_files.cpp, and how a test says that it cannot run."""
import importlib
import os
import shutil
import struct
import sys


def need(*modules):
    """The modules; where one is missing the test is skipped."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ImportError as e:
        print(f"skipped: {sys.executable} has no {e.name}; install python3-mrcfile, python3-blosc, python3-gemmi and "
              "python3-numpy")
        sys.exit(77)


def fresh(folder):
    """Empties the folder, or makes it."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)


(np,) = need("numpy")

MODES = {"int8": 0, "int16": 1, "float32": 2, "complex_int16": 3, "complex64": 4, "uint16": 6, "int32": 7, "uint32": 8,
         "float16": 12, "uint4": 101}
CODECS = {"none": 0, "blosclz": 1, "lz4": 2, "lz4hc": 3, "snappy": 4, "zlib": 5, "zstd": 6}

#: one word of each voxel in memory; complex_int16 has two of them, uint4 is unpacked
WORDS = {"int8": "i1", "int16": "i2", "float32": "f4", "complex_int16": "i2", "complex64": "c8", "uint16": "u2",
         "int32": "i4", "uint32": "u4", "float16": "f2", "uint4": "u1"}

FIELDS = {  # offset: (struct code, names)
    0: ("4i", "nx ny nz mode"), 16: ("3i", "nxstart nystart nzstart"), 28: ("3i", "mx my mz"),
    40: ("3f", "xlen ylen zlen"), 52: ("3f", "alpha beta gamma"), 64: ("3i", "mapc mapr maps"),
    76: ("3f", "dmin dmax dmean"), 88: ("2i", "ispg nsymbt"), 104: ("4s", "exttyp"), 108: ("i", "nversion"),
    132: ("3f", "voltage c3 gain"), 144: ("q", "packed_bytes"), 196: ("3f", "xorg yorg zorg"), 208: ("4s", "map"),
    212: ("4s", "machst"), 216: ("f", "rms"), 220: ("i", "nlabl")}


def parse(raw, order):
    """The header as a dictionary; `order` is "<" or ">"."""
    h = {}
    for offset, (code, names) in FIELDS.items():
        h.update(zip(names.split(), struct.unpack_from(order + code, raw, offset)))
    h["labels"] = [raw[at:at + 80].decode("ascii").rstrip(" \0") for at in range(224, 1024, 80)]
    return h


def build(order, fields, labels=()):
    """The opposite: 1024 bytes, everything that is not named is 0."""
    raw = bytearray(1024)
    fields = dict(fields)
    for offset, (code, names) in FIELDS.items():
        at = offset
        for name in names.split():
            one = code if code.endswith("s") else code[-1]
            if name in fields:
                struct.pack_into(order + one, raw, at, fields.pop(name))
            at += struct.calcsize(order + one)
    assert not fields, f"no such fields: {fields}"
    for i, label in enumerate(labels):
        raw[224 + 80 * i:224 + 80 * i + len(label)] = label
    return raw


def voxels(mode, shape, noise):
    """What interop_files.cpp writes, as an array in the byte order of the machine; complex_int16 with another axis."""
    i = np.arange(np.prod(shape), dtype=np.uint32)
    i = (i ^ (i >> 16)) * np.uint32(0x7FEB352D)
    i = (i ^ (i >> 15)) * np.uint32(0x846CA68B)
    bits = i ^ (i >> 16)
    if not noise:
        bits &= 7
    real = (bits & 0xFFFFF).astype("f4") * np.float32(0.125) - 64
    if mode == "uint4":
        return (bits & 15).astype("u1").reshape(shape)
    if mode == "float16":
        return ((bits & 0x7FF) * 0.25).astype("f2").reshape(shape)
    if mode == "float32":
        return real.reshape(shape)
    if mode == "complex64":
        return (real + 1j * (bits % 257)).astype("c8").reshape(shape)
    if mode == "complex_int16":
        return np.stack([bits.astype("u2").view("i2"), (bits >> 16).astype("u2").view("i2")], -1).reshape(*shape, 2)
    return bits.astype(WORDS[mode].replace("i", "u")).view(WORDS[mode]).reshape(shape)


def stored(mode, array, order):
    """The bytes of one slice as they are before compression: in the order of the file, uint4 packed in padded rows."""
    if mode == "uint4":
        padded = np.pad(array, [(0, 0), (0, array.shape[-1] % 2)])
        return (padded[:, 0::2] | padded[:, 1::2] << 4).astype("u1").tobytes()
    return array.astype(array.dtype.newbyteorder(order)).tobytes()
