/// Definitions of `format/seri_records.hpp`.
#pragma once

#include "mrcz/format/seri_records.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

namespace detail {

/// SerialEM writes exposure doses in electrons per square angstrom.
inline constexpr double square_angstroms_per_square_metre = 1e20;

inline constexpr std::size_t seri_dose_bytes = 4;

/// SerialEM's number of 23 bits in two integers: sign and upper bits of the mantissa; exponent and lower bits.
MRCZ_INLINE double decode_seri_dose(std::int16_t upper, std::int16_t lower) noexcept {
  const int high = std::abs(int{upper});
  const int low = std::abs(int{lower});
  const int mantissa = high * 256 + low % 256;
  return std::ldexp(upper < 0 ? -mantissa : mantissa, lower < 0 ? -(low / 256) : low / 256);
}

MRCZ_INLINE std::optional<std::pair<std::int16_t, std::int16_t>> encode_seri_dose(double value) noexcept {
  constexpr int mantissa_bits = 23;
  constexpr int most_exponent = 127;
  if (!std::isfinite(value)) return std::nullopt;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(value), &exponent);
  exponent = fraction == 0 ? 0 : std::max(exponent - mantissa_bits, -most_exponent);
  long mantissa = std::lround(std::ldexp(std::abs(value), -exponent));
  if (mantissa == 1L << mantissa_bits) mantissa /= 2, ++exponent;
  if (exponent > most_exponent) return std::nullopt;
  const auto upper = static_cast<int>(mantissa / 256);
  const auto lower = std::abs(exponent) * 256 + static_cast<int>(mantissa % 256);
  return std::pair{static_cast<std::int16_t>(value < 0 ? -upper : upper),
                   static_cast<std::int16_t>(exponent < 0 ? -lower : lower)};
}

/// Adds up the bytes of the items that are in each record.
struct seri_measure {
  std::uint32_t flags;
  std::size_t bytes = 0;
  std::uint32_t known = 0;  ///< the bits that have a meaning
  std::uint32_t next = 1;
  bool is_there = false;

  void item() noexcept {
    is_there = (flags & next) != 0;
    known |= next;
    next <<= 1U;
  }
  template <class Field, class Stored>
  void number(const char*, const Field&, stored_as<Stored>) noexcept {
    skip(sizeof(Stored));
  }
  void dose(const char*, const std::optional<double>&) noexcept { skip(seri_dose_bytes); }
  void skip(std::size_t size) noexcept { bytes += is_there ? size : 0; }
};

MRCZ_INLINE seri_measure measure_seri(std::uint32_t flags) noexcept {
  const seri any;
  seri_measure measure{flags};
  for_each_seri_field(measure, any);
  return measure;
}

struct seri_decoder {
  const std::byte* at;
  std::endian order;
  std::uint32_t flags;
  bool is_there = false;

  void item() noexcept {
    is_there = (flags & 1U) != 0;
    flags >>= 1U;
  }
  template <class Stored>
  Stored take() noexcept {
    return load<Stored>(std::exchange(at, at + sizeof(Stored)), order);
  }
  template <class T, class Stored>
  void number(const char*, std::optional<T>& field, stored_as<Stored> unit) noexcept {
    if (is_there) field = static_cast<T>(static_cast<double>(take<Stored>()) * unit.times / unit.per);
  }
  void dose(const char*, std::optional<double>& field) noexcept {
    if (!is_there) return;
    const auto upper = take<std::int16_t>();
    field = decode_seri_dose(upper, take<std::int16_t>()) * square_angstroms_per_square_metre;
  }
  void skip(std::size_t bytes) noexcept { at += is_there ? bytes : 0; }
};

struct seri_encoder {
  std::byte* at;
  std::endian order;
  std::uint32_t flags;
  bool is_there = false;

  void item() noexcept {
    is_there = (flags & 1U) != 0;
    flags >>= 1U;
  }
  template <class Stored>
  void put(Stored value) noexcept {
    store(std::exchange(at, at + sizeof(Stored)), value, order);
  }
  template <class T, class Stored>
  void number(const char* name, const std::optional<T>& field, stored_as<Stored> unit) {
    if (!is_there) return;
    using limits = std::numeric_limits<Stored>;
    const double steps = std::round(static_cast<double>(*field) * unit.per / unit.times);
    if (!(steps >= limits::min() && steps <= limits::max()))
      fail(errc::bad_option, "{} is {}, but a record of SERI holds {} to {}", name, *field,
           limits::min() * unit.times / unit.per, limits::max() * unit.times / unit.per);
    put(static_cast<Stored>(steps));
  }
  void dose(const char* name, const std::optional<double>& field) {
    if (!is_there) return;
    const auto words = encode_seri_dose(*field / square_angstroms_per_square_metre);
    if (!words) fail(errc::bad_option, "{} is {}, but a record of SERI holds finite numbers up to 1e65", name, *field);
    put(words->first);
    put(words->second);
  }
  void skip(std::size_t bytes) noexcept { at += is_there ? bytes : 0; }
};

/// Finds the flags of the fields that a record has.
struct seri_flags_finder {
  std::uint32_t next = 1;
  std::uint32_t some = 0;     ///< items of which a field is there
  std::uint32_t missing = 0;  ///< items of which a field is not there

  void item() noexcept { next <<= 1U; }
  template <class Field, class Stored>
  void number(const char*, const Field& field, stored_as<Stored>) noexcept {
    (field ? some : missing) |= next >> 1U;
  }
  void dose(const char*, const std::optional<double>& field) noexcept { (field ? some : missing) |= next >> 1U; }
  void skip(std::size_t) noexcept {}
};

MRCZ_INLINE std::uint32_t seri_flags_of(std::span<const seri> all) {
  std::optional<std::uint32_t> flags;
  for (const seri& record : all) {
    seri_flags_finder finder;
    for_each_seri_field(finder, record);
    if ((finder.some & finder.missing) != 0)
      fail(errc::bad_option,
           "a record of SERI has some of the piece coordinates or of the stage position, but not all");
    if (flags.value_or(finder.some) != finder.some)
      fail(errc::bad_option, "records of SERI have different fields, but a file has the same fields for each section");
    flags = finder.some;
  }
  if (flags.value_or(0) == 0) fail(errc::bad_option, "there are no records of SERI with a field");
  return *flags;
}

/// Whether NINT and NREAL may describe records of SerialEM. They must fit each other exactly (IMOD's rule), unless
/// EXTTYP names SerialEM. Then a record may be longer than the documented items.
MRCZ_INLINE bool is_seri_size(const extended_header& extended) noexcept {
  if (extended.nint <= 0 || extended.nreal <= 0) return false;
  const auto record = static_cast<std::size_t>(extended.nint);
  const auto measure = measure_seri(static_cast<std::uint32_t>(extended.nreal));
  if (extended.exttyp != seri::exttyp) return (measure.flags & ~measure.known) == 0 && measure.bytes == record;
  return measure.bytes <= record && record % sizeof(std::int16_t) == 0;
}

MRCZ_INLINE bool has_seri_records(const extended_header& extended) noexcept {
  return (extended.exttyp == seri::exttyp || extended.type().empty()) && is_seri_size(extended) &&
         extended.bytes.size() >= static_cast<std::size_t>(extended.nint);
}

MRCZ_INLINE record_layout layout_of_seri(const extended_header& extended) noexcept {
  if (!has_seri_records(extended)) return {};
  return layout_of(extended, static_cast<std::size_t>(extended.nint), extended.byte_order);
}

MRCZ_INLINE void set_seri_byte_order(extended_header& extended, std::endian order) noexcept {
  if (extended.byte_order != order) swap_words(extended.bytes, sizeof(std::int16_t));
  extended.byte_order = order;
}

}  // namespace detail

MRCZ_INLINE std::vector<seri> seri::all_in(const extended_header& from) {
  if (!detail::has_seri_records(from)) {
    if (from.empty() || from.exttyp != exttyp) detail::fail_no_records(from, "SERI");
    if (from.nreal <= 0)
      detail::fail_expected(errc::bad_header, detail::text("NREAL is {}", from.nreal), "the items of each section");
    detail::fail_expected(
        errc::bad_header, detail::text("NINT states {} bytes for each section", from.nint),
        detail::text("an even number, at least the {} of the items that NREAL states, up to the {} of "
                     "the extended header",
                     detail::measure_seri(static_cast<std::uint16_t>(from.nreal)).bytes, from.bytes.size()));
  }
  const auto layout = detail::layout_of_seri(from);
  return detail::decode_records<seri>(from, layout, [&](std::span<const std::byte> bytes, seri& record) {
    detail::seri_decoder decoder{bytes.data(), layout.order, static_cast<std::uint32_t>(from.nreal)};
    detail::for_each_seri_field(decoder, record);
  });
}

MRCZ_INLINE void seri::replace_in(extended_header& to, std::span<const seri> all) {
  const std::uint32_t flags = detail::seri_flags_of(all);
  const seri any;
  detail::seri_flags_finder fields;
  detail::for_each_seri_field(fields, any);
  if (!detail::has_seri_records(to) || (static_cast<std::uint32_t>(to.nreal) & fields.missing) != flags) {
    to.bytes.clear();
    to.nint = static_cast<std::int16_t>(detail::measure_seri(flags).bytes);
    to.nreal = static_cast<std::int16_t>(flags);
  }
  to.exttyp = exttyp;
  const auto layout = detail::layout_of(to, static_cast<std::size_t>(to.nint), to.byte_order);
  detail::encode_records(to, layout, all, [&](std::span<std::byte> bytes, const seri& record) {
    detail::seri_encoder encoder{bytes.data(), layout.order, static_cast<std::uint32_t>(to.nreal)};
    detail::for_each_seri_field(encoder, record);
  });
}

}  // namespace mrcz
