"""Files of others, read by us: mrcfile writes everything that it can, and files of MRCZ are put together byte by byte
as python-mrcz and c-mrcz write them. Beside each lie its voxels as little-endian bytes, and expected.json says what
the reader must find.

    theirs.py INTEROP_FILES FOLDER
"""
import json
import os
import subprocess
import sys

import mrc

blosc, mrcfile, np = mrc.need("blosc", "mrcfile", "numpy")

expectations = []


def expect(folder, name, voxels, **expected):
    """Puts the voxels beside the file and notes what else must be found."""
    with open(os.path.join(folder, name + ".voxels"), "wb") as f:
        f.write(voxels.astype(voxels.dtype.newbyteorder("<")).tobytes())
    expectations.append({"file": name, "voxels": name + ".voxels", **expected})


def made_up(shape, dtype):
    """Voxels that use all bytes of their type and can be added up without an overflow."""
    noise = np.random.default_rng(int(np.prod(shape)))
    if np.dtype(dtype).kind == "c":
        return (noise.normal(size=shape) + 1j * noise.normal(size=shape)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return noise.normal(3, 2, size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    return noise.integers(limits.min, limits.max, size=shape, endpoint=True).astype(dtype)


def orders(dtype):
    return "<" if np.dtype(dtype).itemsize == 1 else "<>"


# mrcfile

SHAPES = {"image": (13, 7), "image stack": (3, 13, 7), "volume": (4, 13, 8), "volume stack": (3, 2, 13, 7)}
MRCFILE = {"i1": "int8", "i2": "int16", "u1": "uint16", "u2": "uint16", "f2": "float16", "f4": "float32",
           "c8": "complex64"}
EXTENDED = {"image": (b"FEI1", bytes(range(256)) * 3), "image stack": (b"SERI", bytes(range(7)) * 3),
            "volume": (b"CCP4", b"X,  Y,  Z".ljust(80)), "volume stack": (b"", b"")}


def write_with_mrcfile(folder):
    for dtype, mode in MRCFILE.items():
        for kind, shape in SHAPES.items():
            for order in orders(dtype):
                write_one_with_mrcfile(folder, dtype, mode, kind, shape, order)


def write_one_with_mrcfile(folder, dtype, mode, kind, shape, order):
    name = f"mrcfile.{dtype}.{kind}.{'little' if order == '<' else 'big'}.mrc"
    data = made_up(shape, dtype)
    with mrcfile.new(os.path.join(folder, name)) as m:
        m.set_data(data.astype(data.dtype.newbyteorder(order)))
        if kind == "image stack":
            m.set_image_stack()
        m.voxel_size = (1.25, 2.5, 3.75)
        m.nstart = (-3, 4, 5)
        m.header.origin.x, m.header.origin.y, m.header.origin.z = 0.5, -1, 100
        exttyp, extended = EXTENDED[kind]
        if extended:
            m.set_extended_header(np.frombuffer(extended, dtype="V1"))
            m.header.exttyp = exttyp
        m.add_label("label of the test")
        h = m.header
        labels = [label.decode().rstrip() for label in h.label.tolist() if label.strip()]
        statistics = [None, None, None, float(h.rms)] if dtype == "c8" else [
            float(h.dmin), float(h.dmax), float(h.dmean), float(h.rms)]
    full = (1,) * (3 - len(shape)) + shape
    flat = [int(np.prod(full[:-2])), *full[-2:]]
    frames = {"image": 1, "image stack": flat[0], "volume": 1, "volume stack": shape[0]}[kind]
    expect(folder, name, data.astype("u2") if dtype == "u1" else data, mode=mode, codec="none", kind=kind, shape=flat,
           frames=frames, byte_order="little" if order == "<" else "big", voxel_size=[1.25, 2.5, 3.75],
           start=[-3, 4, 5], origin=[0.5, -1, 100], labels=labels, statistics=statistics, exttyp=exttyp.decode(),
           extended_size=len(extended), metadata=None)


def swap_mode_0_by_hand(folder):
    """mrcfile writes bytes in little-endian files only."""
    data = made_up((4, 13, 7), "i1")
    fields = dict(nx=7, ny=13, nz=4, mode=0, mx=7, my=13, mz=4, xlen=14, ylen=26, zlen=8, mapc=1, mapr=2, maps=3,
                  ispg=1, nversion=20140, map=b"MAP ", machst=b"\x11\x11\0\0", nlabl=1, dmax=-1, dmean=-2, rms=-1)
    with open(os.path.join(folder, "big_bytes.mrc"), "wb") as f:
        f.write(mrc.build(">", fields, [b"by hand"]) + data.tobytes())
    expect(folder, "big_bytes.mrc", data, mode="int8", kind="volume", byte_order="big", voxel_size=[2, 2, 2],
           labels=["by hand"], statistics=[None] * 4, shape=[4, 13, 7])


# MRCZ

def compress(data, order, codec, level, shuffle, blocksize):
    blosc.set_blocksize(blocksize)
    swapped = data.astype(data.dtype.newbyteorder(order))
    return b"".join(blosc.compress(plane.tobytes(), typesize=data.dtype.itemsize, clevel=level, shuffle=shuffle,
                                   cname=codec) for plane in swapped)


def as_python_mrcz(folder, dtype, mode, codec, order="<", mz=0, shape=(6, 64, 70), meta=None, label=b"MRCZ0.5.7"):
    """MX, MY, RMS, NVERSION are 0, MZ says what the voxels were given as (0 an array, 1 a list of images, n of
    volumes), CELLA is N times the voxel size, statistics are those of the first slice, lz4hc is called lz4. In
    big-endian files the numbers that are written last keep the order of the machine."""
    name = f"python_mrcz.{dtype}.{codec}.{'little' if order == '<' else 'big'}.{mz}.{'x'.join(map(str, shape))}.mrcz"
    data = made_up(shape, dtype)
    extended = json.dumps(meta).encode("utf-8") if meta else b""
    number = {"none": 0, "lz4hc": 2}.get(codec, mrc.CODECS[codec])
    packed = data.astype(data.dtype.newbyteorder(order)).tobytes() if codec == "none" else compress(
        data, order, codec, 1, blosc.BITSHUFFLE, 65536)
    first = data[0].real
    low, high = float(first.min()), float(first.max())
    nz, ny, nx = shape
    fields = dict(nx=nx, ny=ny, nz=nz, mz=mz, xlen=1.5 * nx, ylen=2 * ny, zlen=3 * nz, alpha=90, beta=90, gamma=90,
                  mapc=1, mapr=2, maps=3, nsymbt=len(extended), exttyp=b"json" if meta else b"", map=b"MAP ",
                  machst=b"\x44\x41\0\0" if order == "<" else b"\x11\x11\0\0")
    last = dict(mode=mrc.MODES[mode] + 1000 * number, dmin=low, dmax=high, dmean=(low + high) / 2, voltage=300, c3=2.7,
                gain=1.05, packed_bytes=0 if codec == "none" else len(packed), nlabl=1)
    raw = mrc.build(order, fields, [label])
    in_host_order = mrc.build("<", last)
    for at, size in ((12, 4), (76, 12), (132, 20), (220, 4)):
        raw[at:at + size] = in_host_order[at:at + size]
    with open(os.path.join(folder, name), "wb") as f:
        f.write(raw + extended + packed)
    expect(folder, name, data, mode=mode, codec="lz4" if codec == "lz4hc" else codec, shape=list(shape),
           kind="image" if nz == 1 else "image stack", frames=nz // max(mz, 1),
           byte_order="little" if order == "<" else "big", voxel_size=[1.5, 2, 3], microscope=[300, 2.7, 1.05],
           labels=[label.decode()], metadata=meta, exttyp="json" if meta else "", extended_size=len(extended),
           statistics=[low, high, (low + high) / 2, None])


def write_as_python_mrcz(folder):
    modes = {"i1": "int8", "i2": "int16", "f4": "float32", "c8": "complex64", "u2": "uint16", "i4": "int32",
             "u4": "uint32"}
    for dtype, mode in modes.items():
        for order in orders(dtype):
            for codec in mrc.CODECS:
                as_python_mrcz(folder, dtype, mode, codec, order)
    meta = {"gain": {"name": "Größe", "values": [1, 2.5, None]}, "ok": True}
    for mz in (0, 1, 2, 3):
        as_python_mrcz(folder, "i2", "int16", "zstd", mz=mz, shape=(6, 31, 37), meta=meta)
    as_python_mrcz(folder, "f4", "float32", "zstd", shape=(1, 400, 301), meta=meta)
    as_python_mrcz(folder, "f4", "float32", "none", mz=1, shape=(1, 5, 3), meta=meta)


def as_python_mrcz_0_1(folder, codec, number):
    """MODE is 10000 times another number of the codec; MAP and the stamp are one character each; no label."""
    data = made_up((3, 30, 41), "i2")
    packed = compress(data, "<", codec, 1, blosc.BITSHUFFLE, 65536)
    fields = dict(nx=41, ny=30, nz=3, mode=1 + 10000 * number, mx=41, my=30, mz=3, xlen=41, ylen=60, zlen=9, mapc=1,
                  mapr=2, maps=3, map=b"M", machst=b"\x68", packed_bytes=len(packed))
    name = f"python_mrcz_0_1.{codec}.mrcz"
    with open(os.path.join(folder, name), "wb") as f:
        f.write(mrc.build("<", fields) + packed)
    expect(folder, name, data, mode="int16", codec=codec, shape=[3, 30, 41],
           voxel_size=[1, 2, 3], labels=[])


def as_c_mrcz(folder, dtype, mode, codec, shuffle):
    """No MAP, NVERSION, labels and packed size; lz4hc has its own number; any filter."""
    data = made_up((5, 33, 57), dtype)
    fields = dict(nx=57, ny=33, nz=5, mode=mrc.MODES[mode] + 1000 * mrc.CODECS[codec], mx=57, my=33, mz=5, xlen=57,
                  ylen=66, zlen=15, alpha=90, beta=90, gamma=90, mapc=1, mapr=2, maps=3, ispg=1, dmax=-1, dmean=-2,
                  xorg=12, machst=b"\x44\x41", rms=-1, voltage=200, c3=2, gain=1)
    name = f"c_mrcz.{dtype}.{codec}.{shuffle}.mrcz"
    with open(os.path.join(folder, name), "wb") as f:
        f.write(mrc.build("<", fields) + compress(data, "<", codec, 1, shuffle, 131072))
    # A chunk of lz4hc is one of lz4: the header is believed.
    expect(folder, name, data, mode=mode, codec=codec, kind="volume", shape=[5, 33, 57], frames=1, byte_order="little",
           voxel_size=[1, 2, 3], origin=[12, 0, 0], microscope=[200, 2, 1], labels=[], statistics=[None] * 4, exttyp="",
           metadata=None)


def main(interop_files, folder):
    mrc.fresh(folder)
    write_with_mrcfile(folder)
    swap_mode_0_by_hand(folder)
    write_as_python_mrcz(folder)
    for codec, number in {"zlib": 1, "lz4": 2, "lz4hc": 3, "blosclz": 4, "zstd": 5}.items():
        as_python_mrcz_0_1(folder, codec, number)
    for dtype, mode in {"i1": "int8", "i2": "int16", "f4": "float32", "c8": "complex64", "u2": "uint16"}.items():
        for codec in set(mrc.CODECS) - {"none"}:
            for shuffle in (blosc.NOSHUFFLE, blosc.SHUFFLE, blosc.BITSHUFFLE):
                as_c_mrcz(folder, dtype, mode, codec, shuffle)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as f:
        json.dump(expectations, f, indent=1)
    return subprocess.run([interop_files, "check", folder]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
