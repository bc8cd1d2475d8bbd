/// The records of SerialEM in extended headers: one per section, of the items that NREAL names.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

/// What SerialEM says of one section, in SI units unless the comment names another. A field that the file does not have
/// is empty. The names are those of IMOD's description of the format. `in.extended_header().records<mrcz::seri>()`
/// reads them. A file stores most fields as 16-bit integers in the steps that the comments name.
struct seri {
  static constexpr std::array<char, 4> exttyp{'S', 'E', 'R', 'I'};  ///< EXTTYP

  /// The records in an extended header of SERI, one for each section, or fewer if it ends before. NINT is the size of a
  /// record and NREAL the flags of its items. An extended header without EXTTYP counts as SERI where both fit each
  /// other (IMOD's rule). Throws `errc::bad_header` for an extended header of another type, and for NINT and NREAL that
  /// cannot be.
  MRCZ_INLINE static std::vector<seri> all_in(const extended_header& from);

  /// Writes the records over those in the extended header, rounded to the steps of each field. If the header holds
  /// records of other fields, or other things, they are replaced. Throws `errc::bad_option` unless all records have the
  /// same fields, at least one, and numbers that fit; all fields of the piece coordinates and of the stage position
  /// belong together.
  MRCZ_INLINE static void replace_in(extended_header& to, std::span<const seri> all);

  std::optional<double> tilt_angle = std::nullopt;     ///< degrees, in steps of 0.01
  std::optional<std::int32_t> piece_x = std::nullopt;  ///< of a montage, in pixels, 0 to 65535
  std::optional<std::int32_t> piece_y = std::nullopt;  ///< in pixels, 0 to 65535
  std::optional<std::int32_t> piece_z = std::nullopt;  ///< in sections, 16 bits with a sign
  std::optional<double> stage_x = std::nullopt;        ///< m, in steps of 40 nm
  std::optional<double> stage_y = std::nullopt;        ///< m, in steps of 40 nm
  std::optional<double> magnification = std::nullopt;  ///< in steps of 100
  std::optional<double> intensity = std::nullopt;      ///< of the beam, 0 to 1, in steps of 0.00004
  std::optional<double> exposure_dose = std::nullopt;  ///< electrons/m2, with 23 significant bits

  friend bool operator==(const seri&, const seri&) = default;
};

namespace detail {

/// A number that is stored as an integer of type `Stored`: this times `times / per` is the number.
template <class Stored>
struct stored_as {
  double times = 1;
  double per = 1;
};

/// Calls `visit` for everything in a record, in the order of the bytes: `visit.item()` for each bit of NREAL that may
/// be set, and then for the fields of this item `visit.number(name, field, stored_as<...>)`, `visit.dose(name, field)`
/// for electrons per square angstrom in two integers, or `visit.skip(bytes)` for what has no documented meaning. The
/// layout is written down only here.
template <class Visit, class Record>
void for_each_seri_field(Visit& visit, Record& r) {
  visit.item();
  visit.number("Tilt angle", r.tilt_angle, stored_as<std::int16_t>{.per = 100});
  visit.item();
  visit.number("Piece coordinate X", r.piece_x, stored_as<std::uint16_t>{});
  visit.number("Piece coordinate Y", r.piece_y, stored_as<std::uint16_t>{});
  visit.number("Piece coordinate Z", r.piece_z, stored_as<std::int16_t>{});
  visit.item();
  visit.number("Stage position X", r.stage_x, stored_as<std::int16_t>{.per = 25e6});
  visit.number("Stage position Y", r.stage_y, stored_as<std::int16_t>{.per = 25e6});
  visit.item();
  visit.number("Magnification", r.magnification, stored_as<std::int16_t>{.times = 100});
  visit.item();
  visit.number("Intensity", r.intensity, stored_as<std::int16_t>{.per = 25000});
  visit.item();
  visit.dose("Exposure dose", r.exposure_dose);
  for (const std::size_t reserved : {2U, 4U, 2U, 4U, 2U}) {
    visit.item();
    visit.skip(reserved);
  }
}

/// A dose in electrons per square angstrom from its two integers, and back. Nothing if it is too large.
MRCZ_INLINE double decode_seri_dose(std::int16_t upper, std::int16_t lower) noexcept;
MRCZ_INLINE std::optional<std::pair<std::int16_t, std::int16_t>> encode_seri_dose(double value) noexcept;

/// Where the records of SerialEM lie; without size if there are none.
MRCZ_INLINE record_layout layout_of_seri(const extended_header& extended) noexcept;

/// Whether these are records of SerialEM, with sizes and flags that can be.
MRCZ_INLINE bool has_seri_records(const extended_header& extended) noexcept;

/// Puts the numbers of all records in this byte order.
MRCZ_INLINE void set_seri_byte_order(extended_header& extended, std::endian order) noexcept;

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/seri_records.ipp"
#endif
