/// The main header of an MRC2014 file. Its fields have the names and the meaning of the standard (Cheng et al. 2015,
/// update 20141); the EXTRA words also have the meaning that MRCZ and IMOD give them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/text_formatter.hpp"
#include "mrcz/format/labels.hpp"
#include "mrcz/format/machine_stamp.hpp"

namespace mrcz {

/// Extent of one voxel along the axes of the specimen, in angstrom. 0 along an axis means that the file does not say.
struct voxel_size {
  float x = 0;  ///< angstrom along X
  float y = 0;  ///< along Y
  float z = 0;  ///< along Z

  /// The same extent along all axes, in nanometres.
  static constexpr voxel_size from_nm(float edge) noexcept { return {edge * 10, edge * 10, edge * 10}; }
  /// The same, in picometres.
  static constexpr voxel_size from_pm(float edge) noexcept { return {edge / 100, edge / 100, edge / 100}; }

  friend constexpr bool operator==(const voxel_size&, const voxel_size&) = default;
};

/// Three numbers, one per axis.
template <class T>
struct per_axis {
  T x{};  ///< along X
  T y{};  ///< along Y
  T z{};  ///< along Z
  friend constexpr bool operator==(const per_axis&, const per_axis&) = default;
};

/// What the sections of a file are (MRC2014 notes 3 and 6: ISPG and MZ).
enum class kind : std::uint8_t {
  image,         ///< one image: ISPG 0, NZ 1
  image_stack,   ///< unrelated images, movie frames, tilts: ISPG 0
  volume,        ///< one volume: ISPG 1 to 230, MZ normally NZ
  volume_stack,  ///< NZ / MZ volumes of MZ sections each: ISPG 401 to 630
};

/// "image", "image stack", "volume" or "volume stack"; empty for a value that is no kind.
constexpr std::string_view name_of(kind k) noexcept {
  switch (k) {
    case kind::image: return "image";
    case kind::image_stack: return "image stack";
    case kind::volume: return "volume";
    case kind::volume_stack: return "volume stack";
  }
  return "";
}

namespace detail {

constexpr bool is_images(kind k) noexcept { return k == kind::image || k == kind::image_stack; }

}  // namespace detail

inline constexpr std::size_t header_size = 1024;              ///< bytes of the main header
inline constexpr std::int32_t mrc2014_version = 20141;        ///< NVERSION: year * 10 + revision
inline constexpr std::int32_t imod_stamp_value = 1146047817;  ///< "IMOD"
inline constexpr std::int16_t deltavision_number = -16224;    ///< bytes 96 and 97 of DeltaVision's files

/// What the header of a file says: all its 1024 bytes as fields, which can be copied like bytes. Offsets are in bytes
/// from 0, [i] is int32, [f] is float32.
///
///     0        16       28     40      64      76    88    96            208  212    224      1024
///     +--------+--------+------+-------+-------+-----+-----+-------------+----+------+--------+--------
///     | n mode | nstart |  m   |  cell | map   |stats|ispg | extra words |MAP |stamp | labels | extended
///     |        |        |      |       |  crs  |     |nsymbt   origin    |    | rms  | 10x80  | header, voxels
///     +--------+--------+------+-------+-------+-----+-----+-------------+----+------+--------+--------
struct header {
  std::int32_t nx = 0;                      ///< 0 [i] columns, the fastest axis
  std::int32_t ny = 0;                      ///< 4 [i] rows
  std::int32_t nz = 0;                      ///< 8 [i] sections, of all volumes of a volume stack together
  std::int32_t mode = 2;                    ///< 12 [i] voxel type, see mode_word.hpp
  std::int32_t nxstart = 0;                 ///< 16 [i] first column in the unit cell, in voxels
  std::int32_t nystart = 0;                 ///< 20 [i] first row
  std::int32_t nzstart = 0;                 ///< 24 [i] first section
  std::int32_t mx = 0;                      ///< 28 [i] samples of the cell along X (not along columns)
  std::int32_t my = 0;                      ///< 32 [i] along Y
  std::int32_t mz = 0;                      ///< 36 [i] along Z; sections per volume in a volume stack
  per_axis<float> cella{};                  ///< 40 [f] cell edges along X, Y, Z in angstrom
  per_axis<float> cellb{90, 90, 90};        ///< 52 [f] cell angles in degrees
  std::int32_t mapc = 1;                    ///< 64 [i] axis of the columns: 1 X, 2 Y, 3 Z
  std::int32_t mapr = 2;                    ///< 68 [i] axis of the rows
  std::int32_t maps = 3;                    ///< 72 [i] axis of the sections
  float dmin = 0;                           ///< 76 [f] see statistics.hpp for "not determined"
  float dmax = -1;                          ///< 80 [f]
  float dmean = -2;                         ///< 84 [f]
  std::int32_t ispg = 0;                    ///< 88 [i] space group: 0 images, 1 volume, 401 volume stack
  std::int32_t nsymbt = 0;                  ///< 92 [i] bytes of the extended header
  std::array<std::byte, 8> extra1{};        ///< 96 kept as found
  std::array<char, 4> exttyp{};             ///< 104 kind of extended header
  std::int32_t nversion = mrc2014_version;  ///< 108 [i]
  std::array<std::byte, 16> extra2{};       ///< 112 kept as found
  std::int16_t nint = 0;                    ///< 128 int16, SerialEM: bytes per section; Agard: integers per section
  std::int16_t nreal = 0;                   ///< 130 int16, SerialEM: which items; Agard: reals per section
  float voltage = 0;                   ///< 132 [f] MRCZ: kilovolt. In files of IMOD, 132 to 151 hold its own numbers
  float c3 = 0;                        ///< 136 [f] MRCZ: spherical aberration in millimetres
  float gain = 0;                      ///< 140 [f] MRCZ: electrons per count
  std::int64_t packed_bytes = 0;       ///< 144 int64, MRCZ: compressed size of all slices; for information
  std::int32_t imod_stamp = 0;         ///< 152 [i] 1146047817 in files of IMOD
  std::int32_t imod_flags = 0;         ///< 156 [i] bit 0: the bytes of mode 0 are signed
  std::array<std::byte, 36> extra3{};  ///< 160 kept as found; IMOD describes the tilt here
  per_axis<float> origin{};  ///< 196 [f] origin of the subvolume in angstrom (phase origin of a transform in pixels)
  std::array<char, 4> map{'M', 'A', 'P', ' '};           ///< 208
  machine_stamp machst = stamp_of(std::endian::native);  ///< 212
  float rms = -1;                                        ///< 216 [f] deviation from the mean; negative: not determined
  std::int32_t nlabl = 0;                                ///< 220 [i] labels in use
  mrcz::labels labels;                                   ///< 224

  /// The byte order of the file from which this header was read or to which it is written.
  std::endian byte_order = std::endian::native;

  /// What the sections are: 401 to 630 in ISPG mean a volume stack, 0 images, all other numbers a volume.
  mrcz::kind kind() const noexcept;

  /// The slices of one frame: the sections of one volume in a volume stack, 1 for images, NZ for a volume. MRCZ also
  /// stores the slices of a frame in MZ (python-mrcz's lists of 3-D arrays). Before version 0.5.0 it always wrote MZ =
  /// NZ, which means nothing and counts as 1. IMOD, RELION and others write MZ = NZ for every stack of images, so in
  /// files that MRCZ did not write this counts as 1, too.
  std::int32_t slices_per_frame() const noexcept;

  /// CELLA / M per axis. If M is 0: CELLA / N, where MAPC, MAPR and MAPS say which extent N belongs to the axis.
  /// python-mrcz leaves MX and MY at 0 and uses MZ for something else: then this is CELLA / N along all axes. 0 along
  /// an axis where the result is not a positive finite number (Direct Electron writes negative cells). Nothing if that
  /// is so along all axes.
  std::optional<mrcz::voxel_size> voxel_size() const noexcept;

  /// The number of voxels along X (1), Y (2) or Z (3), which MAPC, MAPR and MAPS assign to columns, rows and sections.
  std::int32_t n_along(std::int32_t axis) const noexcept;

  /// Whether MAPC, MAPR and MAPS are a permutation of 1, 2, 3. Other values are read as 1, 2, 3.
  bool has_axes() const noexcept;

  /// Whether the first label names a version of MRCZ, as python-mrcz and this library write it.
  bool has_mrcz_label() const noexcept;

  /// Whether this version is one of 0.3.1 to 0.4.1. In files of these versions MZ means nothing.
  bool is_early_mrcz() const noexcept;

  /// Whether the file has IMOD's stamp.
  bool from_imod() const noexcept { return imod_stamp == imod_stamp_value; }

  /// Whether a light microscope of DeltaVision wrote the file (bytes 96 and 97). Its lengths are in micrometres, its
  /// bytes of mode 0 unsigned, and its sections may be of several wavelengths and times. Its extended header is not
  /// that of Agard, although NINT and NREAL count numbers there, too.
  bool from_deltavision() const noexcept;

 private:
  float spacing(float cell, std::int32_t m, std::int32_t axis) const noexcept;
};

/// Whether both headers have the same 1024 bytes in a file.
MRCZ_INLINE bool operator==(const header& a, const header& b) noexcept;

/// Whether the bytes of mode 0 are unsigned. IMOD's stamp and flags say so; without the stamp they are signed, as in
/// the standard. IMOD also guesses from DMIN and DMAX. This library does not, because the guess misreads files that
/// follow the standard.
constexpr bool has_unsigned_bytes(const header& h) noexcept {
  return h.imod_stamp == imod_stamp_value && (h.imod_flags & 1) == 0;
}

}  // namespace mrcz

/// Prints a line for each field or group of fields, with the names of this struct, and a line for each label.
template <>
struct fmt::formatter<mrcz::header> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(const mrcz::header& h, fmt::format_context& context) const;
};

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/header.ipp"
#endif
