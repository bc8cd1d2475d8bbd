"""Volumes, parts and bins of them: mrcfile and gemmi find the same voxels at the same places in all of them, and agree
with the positions that the library gives.

    geometry.py INTEROP_FILES FOLDER
"""
import io
import json
import math
import os
import subprocess
import sys

import mrc

gemmi, mrcfile, np = mrc.need("gemmi", "mrcfile", "numpy")


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
    origin = np.array(m.header.origin.item())
    if origin.any() and np.isfinite(origin).all():
        return origin
    return start_in_voxels(m) * m.voxel_size.item()


def check_with_mrcfile(m, whole, entry):
    voxel = np.array(whole.voxel_size.item())
    first, n = in_xyz(whole, entry["first"]), in_xyz(whole, entry["n"])
    expect_close("voxel size", m.voxel_size.item(), voxel * n)
    expect_close("position", position_as_chimerax(m), position_as_chimerax(whole) + first * voxel)
    expect_close("position by the library", entry["position"], position_as_chimerax(m))
    x, y, z = entry["first"]
    columns, rows, sections = entry["n"]
    nz, ny, nx = m.data.shape
    blocks = whole.data[z:z + nz * sections, y:y + ny * rows, x:x + nx * columns]
    blocks = blocks.reshape(nz, sections, ny, rows, nx, columns).astype("f8").mean(axis=(1, 3, 5))
    if not np.allclose(m.data, blocks, rtol=1e-5):
        raise AssertionError("other voxels")
    wanted = [whole.header.nx, whole.header.ny, whole.header.nz]
    if entry["n"] != [1, 1, 1]:
        expect_close("extents", (nx, ny, nz), [int(extent) // n for extent, n in zip(wanted, entry["n"])])


def first_voxel_by_gemmi(gemmi_map):
    corner = gemmi_map.grid.unit_cell.orthogonalize(gemmi_map.get_extent().minimum)
    return np.array([corner.x, corner.y, corner.z])


def check_with_gemmi(path, whole_path, whole, entry):
    part, all_of_it = gemmi.read_ccp4_map(path), gemmi.read_ccp4_map(whole_path)
    voxel = np.array(whole.voxel_size.item())
    first = in_xyz(whole, entry["first"])
    if entry["n"] == [1, 1, 1]:
        expect_close("first voxel by gemmi", first_voxel_by_gemmi(part), first_voxel_by_gemmi(all_of_it) + first * voxel)
        check_grid(part, all_of_it)
    elif entry["n"] == [2, 2, 2]:  # divides NSTART
        expect_close("first voxel by gemmi", first_voxel_by_gemmi(part), first_voxel_by_gemmi(all_of_it))
    part.setup(math.nan)
    cell = part.grid.unit_cell
    expect_close("spacing by gemmi", (cell.a / part.grid.nu, cell.b / part.grid.nv, cell.c / part.grid.nw),
                 voxel * in_xyz(whole, entry["n"]))


def check_grid(part, all_of_it):
    """The same voxel is at the same point of the grid."""
    position = part.axis_positions()
    start = [part.header_i32(5 + p) for p in position]
    extent = [part.header_i32(1 + p) for p in position]
    part.setup(math.nan)
    all_of_it.setup(math.nan)
    for u in range(start[0], start[0] + extent[0]):
        for v in range(start[1], start[1] + extent[1]):
            for w in range(start[2], start[2] + extent[2]):
                found, expected = part.grid.get_value(u, v, w), all_of_it.grid.get_value(u, v, w)
                if found != expected:
                    raise AssertionError(f"grid point {u}, {v}, {w} is {found}, expected {expected}")


def check(folder, entry):
    path, whole_path = os.path.join(folder, entry["file"]), os.path.join(folder, entry["whole"])
    complaints = io.StringIO()
    if not mrcfile.validate(path, print_file=complaints):
        raise AssertionError(complaints.getvalue())
    with mrcfile.open(path) as m, mrcfile.open(whole_path) as whole:
        check_with_mrcfile(m, whole, entry)
        if m.header.ispg != 0 or m.header.mz == m.header.nz:
            check_with_gemmi(path, whole_path, whole, entry)


def main(interop_files, folder):
    mrc.fresh(folder)
    subprocess.run([interop_files, "geometry", folder], check=True)
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
    return 1 if failures or len(files) != 10 * 4 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
