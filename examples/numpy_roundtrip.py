#!/usr/bin/env python3
"""numpy_roundtrip.py PROGRAM: numpy -> file -> C++ -> file -> numpy.

Writes an array with mrcfile, lets the program numpy_roundtrip subtract the mean of each image, reads the result and
compares it with what numpy computes.
"""
import subprocess
import sys
import tempfile

import mrcfile
import numpy


def main():
    images = numpy.random.default_rng(1).poisson(5, (4, 64, 80)).astype(numpy.float32)
    with tempfile.TemporaryDirectory() as folder:
        before, after = f"{folder}/before.mrc", f"{folder}/after.mrc"
        with mrcfile.new(before, images) as file:
            file.set_image_stack()
            file.voxel_size = 1.06
        subprocess.run([sys.argv[1], before, after], check=True)
        with mrcfile.open(after) as file:
            expected = images - images.mean(axis=(1, 2), keepdims=True, dtype=numpy.float64)
            same = numpy.allclose(file.data, expected, atol=1e-5)
            print("voxels:", "as numpy computes them" if same else "DIFFERENT")
            print("image stack:", file.is_image_stack(), "voxel size:", round(float(file.voxel_size.x), 3))
            print("last label:", file.get_labels()[-1].strip())
        return 0 if same and mrcfile.validate(after, print_file=sys.stderr) else 1


sys.exit(main())
