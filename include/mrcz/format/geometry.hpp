/// Where the voxels of a file lie in space, and the headers of a part of them and of larger voxels.
///
/// A header places its first voxel twice. ORIGIN does so in angstrom along x, y, z. NXSTART, NYSTART and NZSTART do so
/// in voxels along columns, rows and sections. The functions here keep both right. In every header, N and NSTART belong
/// to columns, rows and sections, but M, CELLA and ORIGIN to x, y, z. MAPC, MAPR and MAPS connect them.
///
///                 cropped(h, box)                       binned(h, n)
///     N           extents of the box                    N / n; what is left over at the end is dropped
///     NSTART      NSTART + first                        NSTART / n; rounded down if n does not divide it
///     ORIGIN      ORIGIN + first x voxel if it is set   as it was; NSTART x voxel if it was not set and n does not
///                                                       divide NSTART
///     M           as it was for an axis that keeps its  M / n if n divides it, else the new N
///                 extent and for a crystal's cell,
///                 else the new N
///     CELLA       M x voxel                             M x n x voxel
///     everything else as it was: a writer determines statistics, packed size and extended header
///
/// ORIGIN is set if one of its numbers is not 0 and all are finite. If a set ORIGIN comes out as 0 but NSTART does not,
/// it becomes the smallest number above 0, because 0 would mean "not set". MZ of images stays if all slices do, or
/// whole frames; else it is 1. Such a header is made to be copied: `{.like = cropped(in.header(), box)}`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// The header of a box of the voxels. In a volume stack a box of whole volumes is a volume stack. A box within one of
/// its volumes is a volume, and its space group is ISPG - 400. Throws `errc::out_of_range` for a box that leaves the
/// volume; `errc::shape_mismatch` for parts of several volumes; `errc::too_large` if NSTART leaves its field.
MRCZ_INLINE header cropped(const header& whole, const region& box);

/// The header after blocks of n.x columns, n.y rows and n.z sections became one voxel each. The block at the beginning
/// keeps the place of its first voxel, so the corner of the volume stays where it was.
///
/// The plain binning of IMOD's `binvol` treats N, CELLA and ORIGIN in this way. It writes NSTART = 0 and M = N. IMOD's
/// `newstack` also writes NSTART = 0. If it drops voxels on both sides, it moves ORIGIN by those at the beginning.
/// RELION's `relion_image_handler --rescale_angpix` writes NSTART = 0, ORIGIN = 0 and M = N. Programs that take a
/// position for the centre of a voxel, such as ChimeraX, show a binned volume (n - 1) / 2 voxels of the whole one lower
/// than its blocks are.
///
/// Throws `errc::bad_option` if n is 0 along an axis; `errc::out_of_range` if n is more than the extent;
/// `errc::shape_mismatch` for blocks that would mix volumes of a stack, or frames of images.
MRCZ_INLINE header binned(const header& whole, const per_axis<std::size_t>& n);

/// Blocks of n voxels along all axes, but of one slice each in an image or a stack of images, because such slices are
/// unrelated. IMOD and RELION write ISPG 0 for volumes, too. Theirs are binned with `{n, n, n}`.
MRCZ_INLINE header binned(const header& whole, std::size_t n);

/// The position of a voxel in angstrom along x, y and z: ORIGIN if it is set, else NSTART x voxel, plus the place in
/// voxels x voxel. Not a number along an axis whose voxel size the file does not say. The axes are those of the cell,
/// so they are at right angles if CELLB is 90, 90, 90. The sections of a volume stack count from the beginning of their
/// volume. A voxel need not exist to have a position.
///
/// ChimeraX decides between ORIGIN and NSTART in the same way, but ignores an NSTART of more than ten times the extent.
/// Gemmi places the grid by NSTART in the cell of M voxels, and leaves ORIGIN to the caller. IMOD uses ORIGIN alone.
/// Its old files, which have its stamp but neither bit 2 of its flags nor an NVERSION of the standard, have ORIGIN with
/// the opposite sign. This sign is reversed here, and in headers that are written; ChimeraX does not reverse it.
MRCZ_INLINE per_axis<double> position_of(const header& h, std::size_t z, std::size_t y, std::size_t x) noexcept;

namespace detail {

/// The number of blocks of n voxels. Throws `errc::bad_option` if n is 0 and `errc::out_of_range` if it is more than
/// the extent.
MRCZ_INLINE std::size_t blocks_along(std::size_t extent, std::size_t n, char axis);

/// Whether ORIGIN has the sign of IMOD's files from before 2014, which is the opposite of the standard's.
MRCZ_INLINE bool has_imods_origin(const header& h) noexcept;

/// M along an axis of the specimen in a copy of `before` whose extents are those of `h`. It stays if the extent of the
/// axis does, or if it belongs to the cell of a crystal. Otherwise it is the new extent.
MRCZ_INLINE std::int32_t copied_intervals(const header& before, const header& h, std::int32_t axis) noexcept;

/// MZ in such a copy: sections per volume, or slices per frame of images. Frames stay while the slices are a whole
/// number of them. Other images have MZ = 1. The MZ = NZ that IMOD and RELION write stays as long as NZ does.
MRCZ_INLINE std::int32_t copied_sections(const header& before, const header& h) noexcept;

/// The edge of the cell along an axis in such a copy: as it was if that is what M voxels make, else M voxels.
MRCZ_INLINE float copied_edge(float edge, std::int32_t m, float voxel) noexcept;

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/geometry.ipp"
#endif
