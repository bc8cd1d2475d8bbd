"""Packed files, both ways: mrcfile, gemmi and the programs gzip and zstd read those of the library, and the library reads
those that mrcfile and the programs gzip, zstd, bzip2 and xz make.

    packed.py INTEROP_FILES FOLDER
"""
import json
import os
import shutil
import subprocess
import sys

import mrc

gemmi, mrcfile, np = mrc.need("gemmi", "mrcfile", "numpy")

SUFFIXES = {"gzip": ".gz", "zstd": ".zst", "bzip2": ".bz2", "xz": ".xz"}


def expect(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what} is {found}, expected {expected}")


def unpacked_by(program, path):
    return subprocess.run([program, "-dc", path], check=True, stdout=subprocess.PIPE).stdout


def check_ours(folder):
    """Our packed files hold what our plain ones of the same name hold."""
    seen = set()
    for name in sorted(os.listdir(folder)):
        stem, suffix = os.path.splitext(name)
        program = {value: key for key, value in SUFFIXES.items()}.get(suffix)
        if program is None or shutil.which(program) is None:
            continue
        path = os.path.join(folder, name)
        with open(os.path.join(folder, stem), "rb") as f:
            plain = f.read()
        expect(f"what {program} unpacks of {name}", unpacked_by(program, path) == plain, True)
        if suffix == ".gz" and stem.endswith(".map"):
            with mrcfile.open(os.path.join(folder, stem)) as m:
                data = m.data.copy()
            with mrcfile.open(path) as m:
                expect(f"voxels of {name} by mrcfile", np.array_equal(m.data, data), True)
            expect(f"{name} is valid for mrcfile", mrcfile.validate(path), True)
            grid = np.array(gemmi.read_ccp4_map(path).grid, copy=False)
            expect(f"voxels of {name} by gemmi", np.array_equal(grid.T, data), True)
            seen.add("mrcfile")
        seen.add(program)
    expect("who read our files", {"gzip", "mrcfile"} <= seen, True)
    return seen


def write_theirs(folder, read_by_us):
    """Files of mrcfile, and one file by each program with each of its levels, alone and twice in two parts."""
    data = np.random.default_rng(1).normal(3, 2, size=(7, 13, 11)).astype("f4")
    data[3:] = 0
    with open(os.path.join(folder, "voxels"), "wb") as f:
        f.write(data.tobytes())
    names = []
    for program in {"gzip", "bzip2"} & read_by_us:
        names.append(f"mrcfile.map{SUFFIXES[program]}")
        with mrcfile.new(os.path.join(folder, names[-1]), compression=program) as m:
            m.set_data(data)
    plain = os.path.join(folder, "plain.map")
    with mrcfile.new(plain) as m:
        m.set_data(data)
    with open(plain, "rb") as f:
        raw = f.read()
    for program in sorted(read_by_us):
        if shutil.which(program) is None:
            print(f"without {program}, which is not installed")
            continue
        for level in ("-1", "-6", "-9"):
            def pack(content):
                return subprocess.run([program, "-c", level], check=True, input=content, stdout=subprocess.PIPE).stdout
            for parts, content in (("one", pack(raw)), ("two", pack(raw[:1500]) + pack(raw[1500:]))):
                names.append(f"{program}{level}.{parts}.map")
                with open(os.path.join(folder, names[-1]), "wb") as f:
                    f.write(content)
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump([{"file": name, "voxels": "voxels", "mode": "float32", "shape": list(data.shape)} for name in names], f)


def main(interop_files, folder):
    mrc.fresh(folder)
    printed = subprocess.run([interop_files, "pack", folder], check=True, stdout=subprocess.PIPE, text=True).stdout
    print("our files are read by", *sorted(check_ours(folder)))
    write_theirs(folder, set(printed.split()))
    return subprocess.run([interop_files, "check", folder]).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
