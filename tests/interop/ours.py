"""Our files, seen by others: mrcfile validates and reads the uncompressed ones, python-blosc decompresses every chunk
of the others, and a parser of our own compares each word of the headers with the standard.

    ours.py INTEROP_FILES FOLDER
"""
import io
import json
import math
import os
import re
import subprocess
import sys
import warnings

import mrc

blosc, mrcfile, np = mrc.need("blosc", "mrcfile", "numpy")

MRCFILE_MODES = {0, 1, 2, 4, 6, 12}
METADATA = {"Mikroskop": "Krüger", "tilts": [-60, 0.5, 60], "nested": {"dose": 1.25, "ok": True}}
SHUFFLES = {"none": 0, "byte": 1, "bit": 4}  # flags of a blosc chunk
FORMATS = {"blosclz": 0, "lz4": 1, "lz4hc": 1, "snappy": 2, "zlib": 3, "zstd": 4}


def expect(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, expected {expected!r}")


def check_header(h, name, data):
    nz, ny, nx = name["shape"]
    expect("NX, NY, NZ", (h["nx"], h["ny"], h["nz"]), (nx, ny, nz))
    expect("MODE", h["mode"], mrc.MODES[name["mode"]] + 1000 * mrc.CODECS[name["codec"]])
    mz, ispg = {"image": (1, 0), "image stack": (1, 0), "volume": (nz, 1), "volume stack": (2, 401)}[name["kind"]]
    expect("MX, MY, MZ", (h["mx"], h["my"], h["mz"]), (nx, ny, mz))
    expect("ISPG", h["ispg"], ispg)
    expect("CELLA", (h["xlen"], h["ylen"], h["zlen"]), (1.5 * nx, 2.5 * ny, 3.25 * mz))
    expect("CELLB", (h["alpha"], h["beta"], h["gamma"]), (90, 90, 90))
    expect("MAPC, MAPR, MAPS", (h["mapc"], h["mapr"], h["maps"]), (1, 2, 3))
    expect("NVERSION", h["nversion"], 20141)
    expect("MAP", h["map"], b"MAP ")
    expect("MACHST", h["machst"], b"\x44\x44\0\0" if name["order"] == "<" else b"\x11\x11\0\0")
    used = [label for label in h["labels"] if label]
    expect("NLABL", h["nlabl"], len(used))
    expect("labels in use come first", h["labels"][:len(used)], used)
    if name["codec"] != "none" or name["mode"] in ("int32", "uint32"):
        version = re.fullmatch(r"MRCZ(\d+)\.(\d+)\.(\d+)", used.pop(0))
        expect("first label is that of MRCZ 0.5.0 or newer",
               version is not None and tuple(map(int, version.groups())) >= (0, 5, 0), True)
    expect("the other labels", used, ["written for Python"])
    check_statistics(h, name, data)


def check_statistics(h, name, data):
    def close(field, value):
        if not math.isclose(h[field], value, rel_tol=1e-5, abs_tol=1e-6):
            raise AssertionError(f"{field} is {h[field]}, expected {value}")
    numbers = data.astype("c16" if np.iscomplexobj(data) else "f8")
    if name["mode"] == "complex_int16":
        numbers = numbers[..., 0] + 1j * numbers[..., 1]
    close("rms", numbers.std())
    if np.iscomplexobj(numbers):
        expect("DMIN, DMAX, DMEAN of complex voxels are marked", (h["dmin"], h["dmax"], h["dmean"]), (0, -1, -2))
        return
    expect("DMIN", h["dmin"], np.float32(numbers.min()))
    expect("DMAX", h["dmax"], np.float32(numbers.max()))
    close("dmean", numbers.mean())


def check_extended_header(raw, h, name):
    expect("EXTTYP", h["exttyp"], b"json" if name["metadata"] else b"\0\0\0\0")
    if name["metadata"]:
        expect("metadata", json.loads(raw[1024:1024 + h["nsymbt"]].decode("utf-8")), METADATA)
    else:
        expect("NSYMBT", h["nsymbt"], 0)


def check_chunks(packed, h, name, data):
    at = 0
    for z, plain in enumerate(data):
        flags, size = packed[at + 2], int.from_bytes(packed[at + 12:at + 16], "little")
        expect(f"codec of chunk {z}", flags >> 5, FORMATS[name["codec"]])
        if not flags & 2:  # a stored chunk is not shuffled
            itemsize = plain.dtype.itemsize * (2 if name["mode"] == "complex_int16" else 1)
            possible = {SHUFFLES[name["shuffle"]]} | ({0} if itemsize == 1 and name["shuffle"] == "byte" else set())
            expect(f"shuffle of chunk {z} is {name['shuffle']}", flags & 5 in possible, True)
            expect(f"typesize of chunk {z}", packed[at + 3], itemsize)
        expected = mrc.stored(name["mode"], plain, name["order"])
        expect(f"chunk {z} decompresses to the slice", blosc.decompress(packed[at:at + size]) == expected, True)
        at += size
    expect("size of all chunks", at, len(packed))
    expect("packed size at byte 144", h["packed_bytes"], at)


def check_with_mrcfile(path, name, data):
    messages = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's about complex and half floats, see below
        valid = mrcfile.validate(path, print_file=messages)
    complaints = messages.getvalue().splitlines()[1:]
    forgiven = []
    if name["metadata"]:  # the list of EXTTYPs that mrcfile knows has no json
        forgiven.append("Extended header type is undefined or unrecognised: exttyp = 'json'")
    if name["mode"] == "float16":  # mrcfile adds up half floats in half floats
        forgiven.append("Data statistics appear to be inaccurate: RMS deviation is inf")
    held = [line for line in complaints if not any(line.startswith(reason) for reason in forgiven)]
    expect("complaints of mrcfile", held, ["File appears to be valid."] if valid else [])
    shape = {"image": data.shape[1:], "volume stack": (-1, 2) + data.shape[1:]}.get(name["kind"], data.shape)
    with mrcfile.open(path) as m:
        kind = [k for k, holds in {"image": m.is_single_image(), "image stack": m.is_image_stack(),
                                   "volume": m.is_volume(), "volume stack": m.is_volume_stack()}.items() if holds]
        expect("kind by mrcfile", kind, [name["kind"]])
        expect("voxels by mrcfile", np.array_equal(m.data, data.reshape(shape)), True)
        expect("dtype by mrcfile", m.data.dtype.newbyteorder("="), data.dtype)
        expect("voxel size by mrcfile", m.voxel_size.item(), (1.5, 2.5, 3.25))


def check_file(path):
    mode, kind, order, codec, shuffle, level, content, shape, *rest = os.path.basename(path).split(".")
    name = {"mode": mode, "kind": kind, "order": {"little": "<", "big": ">"}[order], "codec": codec, "shuffle": shuffle,
            "shape": tuple(map(int, shape.split("x"))), "metadata": "json" in rest}
    data = mrc.voxels(mode, name["shape"], content == "noise")
    with open(path, "rb") as f:
        raw = f.read()
    h = mrc.parse(raw, name["order"])
    check_header(h, name, data)
    check_extended_header(raw, h, name)
    body = raw[1024 + h["nsymbt"]:]
    if codec != "none":
        check_chunks(body, h, name, data)
    else:
        expect("voxels", body == b"".join(mrc.stored(mode, plain, name["order"]) for plain in data), True)
        expect("packed size at byte 144", h["packed_bytes"], 0)
        if mrc.MODES[mode] in MRCFILE_MODES:
            check_with_mrcfile(path, name, data)
    if codec == "zstd" and shuffle == "bit" and "planes" in rest:
        codec += " by planes"
    return codec, shuffle, level, len(body) > data.nbytes


def main(interop_files, folder):
    mrc.fresh(folder)
    subprocess.run([interop_files, "write", folder], check=True)
    failures, seen = 0, set()
    for entry in sorted(os.listdir(folder)):
        try:
            seen.add(check_file(os.path.join(folder, entry)))
        except Exception as e:  # also what mrcfile and blosc raise
            print(f"{entry}: {type(e).__name__}: {e}")
            failures += 1
    files = len(os.listdir(folder))
    print(f"{files - failures} of {files} files are as others expect them")
    if failures:
        return 1
    codecs = set(mrc.CODECS) - {"none"}
    expect("files: modes x kinds x byte orders x codecs", files, 10 * 4 * 2 * 7)
    expect("every codec met every shuffle", {(c, s) for c, s, _, _ in seen if c in codecs},
           {(c, s) for c in codecs for s in SHUFFLES})
    expect("every level", {level for _, _, level, _ in seen}, set("0123456789"))
    expect("every codec met voxels that cannot be compressed", {c for c, _, _, larger in seen if larger},
           codecs | {"zstd by planes"})
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
