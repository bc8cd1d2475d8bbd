"""Floats and doubles that the library rounds to float16, float32 and int16 are, bit by bit, what numpy makes of them.
With `saturate`, float16 are those of RELION's --float16 too, except for what RELION does worse: it rounds middles away
from zero instead of to even numbers, and what is smaller than 2 to the power of -14 becomes zero.

    float16.py INTEROP_FILES FOLDER
"""
import os
import subprocess
import sys

import mrc

mrcfile, np = mrc.need("mrcfile", "numpy")


def floats():
    """All halves, the middles between them and their neighbours, and floats of all sizes that a half can have."""
    halves = np.arange(0x7c00, dtype="u2").view("f2").astype("f4")
    middles = (halves[:-1] + halves[1:]) / 2
    near = np.concatenate([np.nextafter(middles, np.float32(0)), np.nextafter(middles, np.float32(1e9))])
    random = np.random.default_rng(16)
    sizes = random.uniform(-1, 1, 200_000) * 2.0 ** random.uniform(-30, 15.9, 200_000)
    voxels = np.concatenate([halves, middles, near, sizes.astype("f4")])
    voxels = np.concatenate([voxels, -voxels])
    return voxels[:voxels.size // 1000 * 1000].reshape(-1, 10, 100)


def by_relions_rules(voxels):
    """The halves that RELION's source describes, and which of them it rounds worse than numpy."""
    size = np.abs(voxels.astype("f8"))
    step = 2.0 ** (np.frexp(size)[1] - 11)  # a half has 11 bits
    rounded = np.floor(size / step + 0.5) * step
    worse = (size / step % 1 == 0.5) | (rounded < 2.0**-14)
    rounded[rounded < 2.0**-14] = 0
    return np.copysign(np.minimum(rounded, 65504), voxels).astype("f2"), worse


def expect_relions(folder, name, voxels):
    expected, worse = by_relions_rules(voxels)
    with mrcfile.open(os.path.join(folder, name)) as m:
        if m.header.mode != 12 or np.any(m.data.view("u2")[~worse] != expected.view("u2")[~worse]):
            raise AssertionError(f"{name} has not the halves of RELION")
        away = np.abs(m.data.astype("f8") - expected.astype("f8"))
        if np.any(away[worse] > np.maximum(np.abs(voxels[worse]) * 2.0**-10, 2.0**-14)):
            raise AssertionError(f"{name} is more than one step away from RELION's halves")


def expect_same(folder, name, expected):
    with mrcfile.open(os.path.join(folder, name)) as m:
        different = np.count_nonzero(m.data.view("u1") != expected.view("u1"))
        if m.data.dtype != expected.dtype or different:
            raise AssertionError(f"{name} is {m.data.dtype} and differs from numpy in {different} bytes")
        numbers = m.data.astype("f8")  # mrcfile's validator adds halves as halves and overflows
        said = [m.header.dmin, m.header.dmax, m.header.dmean, m.header.rms]
        if not np.allclose(said, [numbers.min(), numbers.max(), numbers.mean(), numbers.std()], rtol=1e-5, atol=1e-5):
            raise AssertionError(f"{name} has the statistics {said}")


def main(interop_files, folder):
    mrc.fresh(folder)
    voxels = floats()
    with mrcfile.new(os.path.join(folder, "floats.mrc"), voxels):
        pass
    subprocess.run([interop_files, "round", folder], check=True)
    expect_same(folder, "float16.mrc", voxels.astype("f2"))
    thirds = voxels.astype("f8") / 3
    expect_same(folder, "thirds16.mrc", thirds.astype("f2"))
    expect_same(folder, "thirds32.mrc", thirds.astype("f4"))
    large = voxels * np.float32(4)
    if not np.any(np.abs(large) > 65520):
        raise AssertionError("no voxel is too large for a half")
    expect_same(folder, "saturated16.mrc", np.clip(large, -65504, 65504).astype("f2"))
    expect_relions(folder, "saturated16.mrc", large)
    expect_relions(folder, "float16.mrc", voxels)
    expect_same(folder, "int16.mrc", np.clip(np.rint(voxels), -32768, 32767).astype("i2"))
    print(f"{voxels.size} floats are rounded as numpy and RELION round them")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
