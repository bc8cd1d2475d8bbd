/// The records of Agard's format in extended headers, in which FEI's older programs described tilt series: one per
/// section, of NINT integers and NREAL reals.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

/// What the microscope says of one section, in SI units unless the comment names another. Records of 32 reals have all
/// fields with names: FEI has documented them. Of other records only the tilt has a meaning that is known, if there are
/// reals at all. `in.extended_header().records<mrcz::agar>()` reads them.
struct agar {
  static constexpr std::array<char, 4> exttyp{'A', 'G', 'A', 'R'};  ///< EXTTYP

  /// The records in an extended header of AGAR, one for each section, or fewer if it ends before. An extended header
  /// without EXTTYP counts as that of FEI if NREAL is 32 and NINT is 0, or 128, which FEI wrote by mistake, or if both
  /// are 0 and it has 1024 records of 128 bytes, as in all files of FEI's older programs. Throws `errc::bad_header` for
  /// an extended header of another type, and for NINT and NREAL that cannot be.
  MRCZ_INLINE static std::vector<agar> all_in(const extended_header& from);

  /// Writes the records over those in the extended header. If it holds none, or records of other numbers of integers
  /// and reals, it becomes AGAR with records as they are needed: 32 reals for fields with names. A field that is empty
  /// becomes 0. Throws `errc::bad_option` unless all records have the same number of integers and reals, and for fields
  /// with names that such a record does not have.
  MRCZ_INLINE static void replace_in(extended_header& to, std::span<const agar> all);

  std::vector<std::int32_t> integers;  ///< what they mean is not documented

  std::optional<float> alpha_tilt;       ///< degrees
  std::optional<float> beta_tilt;        ///< degrees
  std::optional<float> stage_x;          ///< m
  std::optional<float> stage_y;          ///< m
  std::optional<float> stage_z;          ///< m
  std::optional<float> shift_x;          ///< of the image, m
  std::optional<float> shift_y;          ///< of the image, m
  std::optional<float> defocus;          ///< m
  std::optional<float> exposure_time;    ///< s
  std::optional<float> mean_intensity;   ///< mean of the image
  std::optional<float> tilt_axis;        ///< degrees; 0 is up, and positive angles are anti-clockwise
  std::optional<float> pixel_size;       ///< m
  std::optional<float> magnification;    ///< nominal
  std::optional<float> high_tension;     ///< V; this and the next two are 0 in files of older programs
  std::optional<float> binning;          ///< pixels of the camera per pixel, along x and y
  std::optional<float> applied_defocus;  ///< m

  std::vector<float> reals;  ///< those without a name, which follow the others

  friend bool operator==(const agar&, const agar&) = default;
};

namespace detail {

/// Calls `visit.number(name, field)` or `visit.length(name, field)` for each real with a name, in the order of the
/// bytes. Files of older programs have the lengths in micrometres. The layout is written down only here.
template <class Visit, class Record>
void for_each_agar_field(Visit& visit, Record& r) {
  visit.number("a_tilt", r.alpha_tilt);
  visit.number("b_tilt", r.beta_tilt);
  visit.length("x_stage", r.stage_x);
  visit.length("y_stage", r.stage_y);
  visit.length("z_stage", r.stage_z);
  visit.length("x_shift", r.shift_x);
  visit.length("y_shift", r.shift_y);
  visit.length("defocus", r.defocus);
  visit.number("exp_time", r.exposure_time);
  visit.number("mean_int", r.mean_intensity);
  visit.number("tilt_axis", r.tilt_axis);
  visit.number("pixel_size", r.pixel_size);
  visit.number("magnification", r.magnification);
  visit.number("ht", r.high_tension);
  visit.number("binning", r.binning);
  visit.number("appliedDefocus", r.applied_defocus);
}

/// Where the records of Agard's format lie; without size if there are none.
MRCZ_INLINE record_layout layout_of_agar(const extended_header& extended) noexcept;

/// Whether these are records of Agard's format, with numbers of integers and reals that can be.
MRCZ_INLINE bool has_agar_records(const extended_header& extended) noexcept;

/// Puts the numbers of all records in this byte order.
MRCZ_INLINE void set_agar_byte_order(extended_header& extended, std::endian order) noexcept;

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/agar_records.ipp"
#endif
