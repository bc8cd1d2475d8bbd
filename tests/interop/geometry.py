"""Volumes, parts and bins of them: mrcfile and gemmi find the same voxels at the same places in all of them, and agree
with the positions that the library gives.

    geometry.py INTEROP_FILES FOLDER [FOLDER OF REAL FILES]
"""
import gzip
import io
import json
import math
import os
import shutil
import subprocess
import sys

import mrc

gemmi, mrcfile, np = mrc.need("gemmi", "mrcfile", "numpy")


#: real files
REAL = ["emdb/EMD-3001.map", "emdb/EMD-3197.map", "wild/5i55_tiny.ccp4", "wild/iota_yzx.ccp4.gz", "wild/spike_volume.mrc",
        "wild/eman_toymodel.mrc", "wild/relion_projections.mrcs", "wild/velox_haadf_fei2.mrc"]


def expect_close(what, found, expected):
    if not np.allclose(found, expected, rtol=1e-5, atol=1e-4):
        raise AssertionError(f"{what} is {found}, expected {expected}")


def in_xyz(m, numbers):
    """Numbers of columns, rows and sections in the order x, y, z."""
    sorted_numbers = [0, 0, 0]
    for axis, number in zip((m.header.mapc, m.header.mapr, m.header.maps), numbers):
        sorted_numbers[int(axis) - 1] = number
    return np.array(sorted_numbers, dtype=float)


def start_in_voxels(m):
    return in_xyz(m, m.nstart.item())


def position_as_chimerax(m):
    """ORIGIN if it is set, else NSTART."""
    origin = np.array(m.header.origin.item(), dtype=float)
    if origin.any() and np.isfinite(origin).all():
        return origin
    return start_in_voxels(m) * m.voxel_size.item()


def check_with_mrcfile(m, whole, entry):
    voxel = np.array(whole.voxel_size.item())
    first, n = in_xyz(whole, entry["first"]), in_xyz(whole, entry["n"])
    expect_close("voxel size", m.voxel_size.item(), voxel * n)
    expect_close("position", position_as_chimerax(m), position_as_chimerax(whole) + first * voxel)
    stated = voxel > 0
    expect_close("position by the library", np.array(entry["position"], dtype=float)[stated],
                 position_as_chimerax(m)[stated])
    x, y, z = entry["first"]
    columns, rows, sections = entry["n"]
    data, all_data = np.atleast_3d(m.data.T).T, np.atleast_3d(whole.data.T).T  # also of one image
    nz, ny, nx = data.shape
    blocks = all_data[z:z + nz * sections, y:y + ny * rows, x:x + nx * columns]
    blocks = blocks.reshape(nz, sections, ny, rows, nx, columns).astype("f8").mean(axis=(1, 3, 5))
    if not np.allclose(data, blocks, rtol=1e-5):
        raise AssertionError("other voxels")
    wanted = [whole.header.nx, whole.header.ny, whole.header.nz]
    if entry["n"] != [1, 1, 1]:
        expect_close("extents", (nx, ny, nz), [int(extent) // n for extent, n in zip(wanted, entry["n"])])


def first_voxel_by_gemmi(gemmi_map):
    corner, cell = gemmi_map.get_extent().minimum, gemmi_map.grid.unit_cell
    return np.array([corner.x * cell.a, corner.y * cell.b, corner.z * cell.c])


def check_with_gemmi(path, whole_path, whole, entry):
    part, all_of_it = gemmi.read_ccp4_map(path), gemmi.read_ccp4_map(whole_path)
    voxel = np.array(whole.voxel_size.item())
    first = in_xyz(whole, entry["first"])
    if entry["n"] == [1, 1, 1]:
        expect_close("first voxel by gemmi", first_voxel_by_gemmi(part), first_voxel_by_gemmi(all_of_it) + first * voxel)
        check_grid(part, all_of_it)
    elif not (np.array(whole.nstart.item()) % entry["n"]).any():
        expect_close("first voxel by gemmi", first_voxel_by_gemmi(part), first_voxel_by_gemmi(all_of_it))
    part.setup(math.nan, gemmi.MapSetup.NoSymmetry)
    cell = part.grid.unit_cell
    expect_close("spacing by gemmi", (cell.a / part.grid.nu, cell.b / part.grid.nv, cell.c / part.grid.nw),
                 voxel * in_xyz(whole, entry["n"]))


def check_grid(part, all_of_it):
    """The same voxel is at the same point of the grid."""
    position = part.axis_positions()
    start = [part.header_i32(5 + p) for p in position]
    extent = [part.header_i32(1 + p) for p in position]
    part.setup(math.nan, gemmi.MapSetup.NoSymmetry)
    all_of_it.setup(math.nan, gemmi.MapSetup.NoSymmetry)
    found, expected = (
        g.array[np.ix_(*(np.arange(s, s + n) % size for s, n, size in zip(start, extent, (g.nu, g.nv, g.nw))))]
        for g in (part.grid, all_of_it.grid))
    if np.isnan(found).any() or not np.array_equal(found, expected):
        raise AssertionError("gemmi has other voxels at the points of the grid")


def check(folder, entry):
    path, whole_path = os.path.join(folder, entry["file"]), os.path.join(folder, entry["whole"])
    complaints = io.StringIO()
    if not mrcfile.validate(path, print_file=complaints):
        raise AssertionError(complaints.getvalue())
    with mrcfile.open(path) as m, mrcfile.open(whole_path, permissive=True) as whole:
        check_with_mrcfile(m, whole, entry)
        if (m.header.ispg != 0 or m.header.mz == m.header.nz) and whole.voxel_size.z > 0:
            check_with_gemmi(path, whole_path, whole, entry)


def plain(path, folder):
    """The path, or that of an unpacked copy."""
    if not path.endswith(".gz"):
        return path
    unpacked = os.path.join(folder, os.path.basename(path)[:-len(".gz")])
    with gzip.open(path) as packed, open(unpacked, "wb") as f:
        shutil.copyfileobj(packed, f)
    return unpacked


def main(interop_files, folder, data=""):
    mrc.fresh(folder)
    absent = [name for name in REAL if not os.path.exists(os.path.join(data, name))]
    if absent:
        print(f"without {len(absent)} of {len(REAL)} real files, which are not in {data or 'any folder'}: {' '.join(absent)}")
    real = [plain(os.path.join(data, name), folder) for name in REAL if name not in absent]
    subprocess.run([interop_files, "geometry", folder, *real], check=True)
    with open(os.path.join(folder, "files.json"), encoding="utf-8") as f:
        files = json.load(f)
    failures = 0
    for entry in files:
        try:
            check(folder, entry)
        except Exception as e:  # also what mrcfile and gemmi raise
            print(f"{entry['file']}: {type(e).__name__}: {e}")
            failures += 1
    print(f"{len(files) - failures} of {len(files)} files have their voxels where mrcfile and gemmi expect them")
    return 1 if failures or len(files) != (10 + len(real)) * 4 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
