"""Volumes, parts and bins of them, read by RELION: extents, pixel size and mean are as in the whole.

    relion.py INTEROP_FILES FOLDER
"""
import json
import math
import os
import re
import shutil
import subprocess
import sys

import mrc

mrcfile, np = mrc.need("mrcfile", "numpy")

LINE = re.compile(r"\(x,y,z,n\)= (\d+) x (\d+) x (\d+) x 1 ; avg= (\S+) .* angpix = (\S+)")


def check(folder, entry):
    path = os.path.join(folder, entry["file"])
    shown = subprocess.run(["relion_image_handler", "--stats", "--i", path], check=True, capture_output=True, text=True)
    found = [tuple(map(float, LINE.search(line).groups())) for line in shown.stdout.splitlines() if LINE.search(line)]
    with mrcfile.open(path) as m, mrcfile.open(os.path.join(folder, entry["whole"])) as whole:
        images = m.data if path.endswith(".mrcs") else [m.data]  # RELION lists each image of a stack
        if len(found) != len(images):
            raise AssertionError(f"{len(found)} images, expected {len(images)}")
        along_x = entry["n"][[int(whole.header.mapc), int(whole.header.mapr), int(whole.header.maps)].index(1)]
        for image, (x, y, z, mean, pixel) in zip(images, found):
            if (z, y, x) != (1,) * (3 - image.ndim) + image.shape:
                raise AssertionError(f"{x} x {y} x {z} voxels, expected {image.shape}")
            if not math.isclose(pixel, float(whole.voxel_size.x) * along_x, rel_tol=1e-5):
                raise AssertionError(f"pixels of {pixel}, expected {whole.voxel_size.x * along_x}")
            if not math.isclose(mean, image.mean(dtype="f8"), rel_tol=1e-4):
                raise AssertionError(f"a mean of {mean}, expected {image.mean(dtype='f8')}")


def main(interop_files, folder):
    if not shutil.which("relion_image_handler"):
        print("skipped: there is no relion_image_handler; install relion")
        return 77
    mrc.fresh(folder)
    subprocess.run([interop_files, "geometry", folder], check=True)
    with open(os.path.join(folder, "files.json"), encoding="utf-8") as f:
        files = json.load(f)
    failures = 0
    for entry in files:
        try:
            check(folder, entry)
        except (AssertionError, subprocess.CalledProcessError) as e:
            print(f"{entry['file']}: {e}")
            failures += 1
    print(f"{len(files) - failures} of {len(files)} files are as RELION expects them")
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
