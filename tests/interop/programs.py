"""What the program mrcz writes is read by mrcfile, and by gemmi and RELION where they are installed: they find the same
voxels, voxel size and statistics.

    programs.py MRCZ FOLDER
"""
import io
import math
import os
import re
import shutil
import subprocess
import sys

import mrc

mrcfile, np = mrc.need("mrcfile", "numpy")

MODES = {"int8": "i1", "int16": "i2", "float32": "f4", "uint16": "u2"}
LINE = re.compile(r"\(x,y,z,n\)= (\d+) x (\d+) x (\d+) x 1 ; avg= (\S+) stddev= (\S+) minval= (\S+) maxval= (\S+);"
                  r" angpix = (\S+)")


def run(mrcz, folder, *arguments):
    return subprocess.run([mrcz, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def make(path, voxels, volume):
    with mrcfile.new(path, overwrite=True) as m:
        m.set_data(voxels)
        if volume:
            m.set_volume()
        else:
            m.set_image_stack()
        m.voxel_size = 1.25


def check(path, voxels, voxel_size=1.25):
    complaints = io.StringIO()
    if not mrcfile.validate(path, print_file=complaints):
        raise AssertionError(complaints.getvalue())
    with mrcfile.open(path) as m:
        if not np.array_equal(m.data.reshape(voxels.shape), voxels):
            raise AssertionError("mrcfile reads other voxels")
        if not math.isclose(float(m.voxel_size.x), voxel_size, rel_tol=1e-5):
            raise AssertionError(f"mrcfile reads the voxel size {m.voxel_size.x}")


def check_with_relion(path, voxels, voxel_size=1.25):
    if not shutil.which("relion_image_handler"):
        return
    shown = subprocess.run(["relion_image_handler", "--stats", "--i", path], check=True, capture_output=True, text=True)
    found = [tuple(map(float, LINE.search(line).groups())) for line in shown.stdout.splitlines() if LINE.search(line)]
    images = voxels if path.endswith(".mrcs") else [voxels]
    if len(found) != len(images):
        raise AssertionError(f"RELION finds {len(found)} images, expected {len(images)}")
    for image, (_, _, _, mean, deviation, low, high, pixel) in zip(images, found):
        expected = (image.mean(dtype="f8"), image.std(dtype="f8"), image.min(), image.max(), voxel_size)
        if not np.allclose((mean, deviation, low, high, pixel), expected, rtol=1e-3, atol=1e-3):
            raise AssertionError(f"RELION finds {(mean, deviation, low, high, pixel)}, expected {expected}")


def check_with_gemmi(path, voxels, voxel_size=1.25, in_order=False):
    try:
        import gemmi
    except ImportError:
        return
    volume = gemmi.read_ccp4_map(path)
    if in_order:
        volume.setup(0.0)  # puts the axes in the order x, y, z
    if not np.array_equal(np.array(volume.grid).T, voxels):
        raise AssertionError("gemmi reads other voxels")
    if not math.isclose(volume.grid.unit_cell.a, voxel_size * voxels.shape[2], rel_tol=1e-5):
        raise AssertionError(f"gemmi reads a cell of {volume.grid.unit_cell.a}")


def check_mode(mrcz, folder, name, dtype):
    chance = np.random.default_rng(len(name))
    voxels = chance.poisson(20, (6, 40, 50)).astype(dtype)
    stack, volume = os.path.join(folder, f"{name}.mrcs"), os.path.join(folder, f"{name}.mrc")
    make(stack, voxels, volume=False)
    make(volume, voxels, volume=True)

    run(mrcz, folder, "compress", "-q", stack, volume)
    run(mrcz, folder, "decompress", "-q", "--output-dir", "back", f"{name}.mrcs.mrcz", f"{name}.mrcz")
    check(os.path.join(folder, "back", f"{name}.mrcs"), voxels)
    check_with_relion(os.path.join(folder, "back", f"{name}.mrcs"), voxels)
    check(os.path.join(folder, "back", f"{name}.mrc"), voxels)
    check_with_relion(os.path.join(folder, "back", f"{name}.mrc"), voxels)
    if dtype in ("i1", "i2", "f4"):
        check_with_gemmi(os.path.join(folder, "back", f"{name}.mrc"), voxels)

    both, twice = f"{name}_both.mrcs", np.concatenate([voxels, voxels])
    run(mrcz, folder, "cat", stack, f"{name}.mrcs.mrcz", "-o", both)
    check(os.path.join(folder, both), twice)
    check_with_relion(os.path.join(folder, both), twice)
    run(mrcz, folder, "append", both, stack)
    check(os.path.join(folder, both), np.concatenate([twice, voxels]))
    run(mrcz, folder, "split", stack, "--output-dir", f"{name}_parts")
    for z, image in enumerate(voxels):
        check(os.path.join(folder, f"{name}_parts", f"{name}_{z}.mrc"), image)
    run(mrcz, folder, "edit", both, "--voxel-size", "2.5")
    check(os.path.join(folder, both), np.concatenate([twice, voxels]), 2.5)
    check_with_relion(os.path.join(folder, both), np.concatenate([twice, voxels]), 2.5)

    shown = run(mrcz, folder, "stats", "--bins", "0", "--percentiles", "1,25,50,99", volume)
    found = [float(line.split()[-1]) for line in shown.splitlines() if " % of " in line]
    if not np.allclose(found, np.percentile(voxels.astype("f8"), [1, 25, 50, 99]), rtol=1e-4):
        raise AssertionError(f"the percentiles are {found}")


#: What is written into the header of a sound file, at these bytes
DAMAGES = {"stamp": (212, bytes(4)), "map": (208, b"map\0"), "version": (108, bytes(4)), "labels": (220, b"\x09\0\0\0"),
           "statistics": (76, bytes(12)), "sampling": (28, bytes(12)), "no_extended_header": (92, b"\0\x04\0\0"),
           "axes": (64, bytes(12)), "space_group": (88, b"\xff" * 4), "cell": (48, b"\0\0\x80\xbf"), "rms": (216, b"\0\0\xc8\x42")}


def check_repaired(mrcz, folder, broken, voxels, voxel_size=1.25):
    mended = f"mended_{os.path.basename(broken)}"
    run(mrcz, folder, "repair", broken, mended)
    run(mrcz, folder, "validate", mended)
    check(os.path.join(folder, mended), voxels, voxel_size)
    check_with_relion(os.path.join(folder, mended), voxels, voxel_size)
    if voxels.dtype.str[1:] in ("i1", "i2", "f4") and mended.endswith(".mrc"):
        check_with_gemmi(os.path.join(folder, mended), voxels, voxel_size)


def check_repair(mrcz, folder, name, dtype):
    voxels = np.random.default_rng(7).poisson(20, (6, 40, 50)).astype(dtype)
    for kind in ("mrc", "mrcs"):
        sound = os.path.join(folder, f"sound_{name}.{kind}")
        make(sound, voxels, volume=kind == "mrc")
        for damage, (offset, content) in DAMAGES.items():
            broken = os.path.join(folder, f"{damage}_{name}.{kind}")
            shutil.copyfile(sound, broken)
            with open(broken, "r+b") as f:
                f.seek(offset)
                f.write(content)
            check_repaired(mrcz, folder, broken, voxels)
            run(mrcz, folder, "repair", "--in-place", broken)
            check(broken, voxels)
        cut = os.path.join(folder, f"cut_{name}.{kind}")
        shutil.copyfile(sound, cut)
        os.truncate(cut, os.path.getsize(cut) - 7)
        check_repaired(mrcz, folder, cut, voxels[:-1])
        run(mrcz, folder, "compress", "-q", sound, "-o", f"packed_{name}.{kind}.mrcz", "--force")
        packed = os.path.join(folder, f"packed_{name}.{kind}.mrcz")
        os.truncate(packed, os.path.getsize(packed) - 7)
        whole = f"whole_{name}.{kind}"
        run(mrcz, folder, "repair", packed, whole)
        check(os.path.join(folder, whole), voxels[:-1])


def check_voxels(mrcz, folder, name, dtype):
    """What convert does with voxels: a region, larger ones, another order of axes and of bytes."""
    voxels = np.random.default_rng(8).poisson(20, (6, 41, 50)).astype(dtype)
    gemmi_reads = dtype in ("i1", "i2", "f4")
    for kind in ("mrc", "mrcs"):
        whole = os.path.join(folder, f"whole_{name}.{kind}")
        make(whole, voxels, volume=kind == "mrc")

        def convert(what, expected, voxel_size, *options):
            path = os.path.join(folder, f"{what}_{name}.{kind}")
            run(mrcz, folder, "convert", whole, path, *options)
            run(mrcz, folder, "validate", path)
            check(path, expected, voxel_size)
            check_with_relion(path, expected, voxel_size)
            # gemmi 0.5.7 swaps the bytes of big-endian integers after it has made floats of them, also in mrcfile's files
            if gemmi_reads and kind == "mrc" and not (what == "big_endian" and dtype != "f4"):
                check_with_gemmi(path, expected, voxel_size)

        convert("region", voxels[1:5, 3:33, 10:], 1.25, "--region", "1:4,3:30,10:")
        convert("big_endian", voxels, 1.25, "--byte-order", "big")
        deep = 2 if kind == "mrc" else 1
        blocks = voxels[:, :40].astype("f8").reshape(6 // deep, deep, 20, 2, 25, 2)
        means = blocks.mean((1, 3, 5)).astype("f4")
        path = os.path.join(folder, f"binned_{name}.{kind}")
        run(mrcz, folder, "convert", whole, path, "--bin", "2")
        check(path, means, 2.5)
        check_with_relion(path, means, 2.5)
        if kind == "mrc":
            check_with_gemmi(path, means, 2.5)

    turned = os.path.join(folder, f"turned_{name}.mrc")
    volume = os.path.join(folder, f"whole_{name}.mrc")
    run(mrcz, folder, "convert", volume, turned, "--axes", "zyx")
    check(turned, voxels.transpose(2, 1, 0))
    if gemmi_reads:
        check_with_gemmi(turned, voxels, in_order=True)


def main(mrcz, folder):
    for program in ("relion_image_handler", "gemmi"):
        if not shutil.which(program):
            print(f"without {program}, which is not installed")
    mrc.fresh(folder)
    failures = 0
    for name, dtype in MODES.items():
        try:
            check_mode(os.path.abspath(mrcz), os.path.abspath(folder), name, dtype)
            check_repair(os.path.abspath(mrcz), os.path.abspath(folder), name, dtype)
            check_voxels(os.path.abspath(mrcz), os.path.abspath(folder), name, dtype)
        except (AssertionError, subprocess.CalledProcessError) as e:
            print(f"{name}: {e} {getattr(e, 'stderr', '')}")
            failures += 1
    print(f"{len(MODES) - failures} of {len(MODES)} modes are as other programs expect them")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
