/// Definitions of `format/agar_records.hpp`.
#pragma once

#include "mrcz/format/agar_records.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

namespace detail {

/// How many numbers of 4 bytes are in a record.
struct agar_size {
  std::size_t integers;
  std::size_t reals;

  std::size_t bytes() const noexcept { return (integers + reals) * sizeof(float); }
  friend bool operator==(const agar_size&, const agar_size&) = default;
};

inline constexpr agar_size feis_size{.integers = 0, .reals = 32};

/// FEI's older programs reserve so many records in each file.
inline constexpr std::size_t feis_records = 1024;

/// Nothing if NINT and NREAL describe no records of Agard's format. Without EXTTYP these must be records of FEI.
MRCZ_INLINE std::optional<agar_size> size_of_agar(const extended_header& extended) noexcept {
  const bool is_agar = extended.exttyp == agar::exttyp;
  if (!is_agar && !(extended.type().empty() && !extended.is_symmetry_text())) return std::nullopt;
  if (extended.nint < 0 || extended.nreal < 0) return std::nullopt;
  agar_size size{static_cast<std::size_t>(extended.nint), static_cast<std::size_t>(extended.nreal)};
  if (size.reals == feis_size.reals && size.integers == feis_size.bytes()) size = feis_size;
  if (size.bytes() == 0 && extended.bytes.size() == feis_records * feis_size.bytes()) size = feis_size;
  if (size.bytes() == 0 || size.bytes() > extended.bytes.size()) return std::nullopt;
  return is_agar || size == feis_size ? std::optional{size} : std::nullopt;
}

/// Counts the reals with a name.
struct agar_counter {
  std::size_t named = 0;
  std::size_t used = 0;  ///< those up to the last that a record has

  void number(const char*, const std::optional<float>& field) noexcept {
    ++named;
    if (field) used = named;
  }
  void length(const char* name, const std::optional<float>& field) noexcept { number(name, field); }
};

MRCZ_INLINE agar_counter count_reals(const agar& record) noexcept {
  agar_counter counter;
  for_each_agar_field(counter, record);
  return counter;
}

/// How many reals of a record have a name.
MRCZ_INLINE std::size_t named_reals(const agar_size& size) noexcept {
  return size == feis_size ? count_reals(agar{}).named : std::min<std::size_t>(size.reals, 1);
}

struct agar_decoder {
  const std::byte* at;
  std::endian order;
  std::size_t named;  ///< how many more reals have a name

  float take() noexcept { return load<float>(std::exchange(at, at + sizeof(float)), order); }
  void number(const char*, std::optional<float>& field) noexcept {
    if (named == 0) return;
    field = take();
    --named;
  }
  void length(const char* name, std::optional<float>& field) noexcept { number(name, field); }
};

/// Finds out whether lengths are in micrometres. FEI's rule: one of them is more than 1, which would be a metre.
struct agar_unit_finder {
  bool micrometres = false;

  void number(const char*, const std::optional<float>&) noexcept {}
  void length(const char*, const std::optional<float>& field) noexcept {
    micrometres = micrometres || std::abs(field.value_or(0)) > 1;
  }
};

/// Converts lengths from micrometres.
struct agar_to_metres {
  double micrometres = 1e6;  // of a metre

  void number(const char*, std::optional<float>&) noexcept {}
  void length(const char*, std::optional<float>& field) const noexcept {
    if (field) field = static_cast<float>(static_cast<double>(*field) / micrometres);
  }
};

struct agar_encoder {
  std::byte* at;
  std::endian order;
  std::size_t named;  ///< how many more reals have a name

  void put(float value) noexcept { store(std::exchange(at, at + sizeof(float)), value, order); }
  void number(const char* name, const std::optional<float>& field) {
    if (named == 0) {
      if (field) fail(errc::bad_option, "a record of AGAR with {} has 32 reals and no integers", name);
      return;
    }
    put(field.value_or(0));
    --named;
  }
  void length(const char* name, const std::optional<float>& field) { number(name, field); }
};

/// The size of the records, if nothing but they determine it.
MRCZ_INLINE agar_size size_of_agar(const agar& record) noexcept {
  constexpr std::size_t unnamed = feis_size.reals / 2;
  if (record.integers.empty() && record.reals.size() <= unnamed) return feis_size;
  return {record.integers.size(), record.reals.size() + 1};
}

/// Whether a record has as many integers and reals without a name as records of this size, or no such reals.
MRCZ_INLINE bool fits(const agar& record, const agar_size& size) noexcept {
  return record.integers.size() == size.integers &&
         (record.reals.empty() || record.reals.size() + named_reals(size) == size.reals);
}

MRCZ_INLINE bool has_agar_records(const extended_header& extended) noexcept {
  return size_of_agar(extended).has_value();
}

MRCZ_INLINE record_layout layout_of_agar(const extended_header& extended) noexcept {
  const auto size = size_of_agar(extended);
  return size ? layout_of(extended, size->bytes(), extended.byte_order) : record_layout{};
}

MRCZ_INLINE void set_agar_byte_order(extended_header& extended, std::endian order) noexcept {
  if (extended.byte_order != order) swap_words(extended.bytes, sizeof(float));
  extended.byte_order = order;
}

}  // namespace detail

MRCZ_INLINE std::vector<agar> agar::all_in(const extended_header& from) {
  const auto size = detail::size_of_agar(from);
  if (!size) {
    if (from.empty() || from.exttyp != exttyp) detail::fail_no_records(from, "AGAR");
    detail::fail_expected(
        errc::bad_header,
        detail::text("NINT and NREAL state {} integers and {} reals for each section", from.nint, from.nreal),
        detail::text("numbers of 4 bytes, up to the {} bytes of the extended header", from.bytes.size()));
  }
  const auto layout = detail::layout_of_agar(from);
  return detail::decode_records<agar>(from, layout, [&](std::span<const std::byte> bytes, agar& record) {
    const std::byte* at = bytes.data();
    for (std::size_t i = 0; i < size->integers; ++i, at += sizeof(std::int32_t))
      record.integers.push_back(detail::load<std::int32_t>(at, layout.order));
    const std::size_t named = detail::named_reals(*size);
    detail::agar_decoder decoder{at, layout.order, named};
    detail::for_each_agar_field(decoder, record);
    for (std::size_t i = named; i < size->reals; ++i) record.reals.push_back(decoder.take());
    detail::agar_unit_finder unit;
    detail::for_each_agar_field(unit, record);
    detail::agar_to_metres to_metres;
    if (unit.micrometres) detail::for_each_agar_field(to_metres, record);
  });
}

MRCZ_INLINE void agar::replace_in(extended_header& to, std::span<const agar> all) {
  if (all.empty()) detail::fail(errc::bad_option, "there are no records of AGAR");
  auto size = detail::size_of_agar(to);
  if (!size || !detail::fits(all.front(), *size) ||
      detail::count_reals(all.front()).used > detail::named_reals(*size)) {
    size = detail::size_of_agar(all.front());
    to.bytes.clear();
  }
  constexpr std::size_t most = std::numeric_limits<std::int16_t>::max();
  if (size->integers > most || size->reals > most)
    detail::fail(errc::too_large, "{} integers and {} reals for each section, but a header states at most {}",
                 size->integers, size->reals, most);
  to.exttyp = exttyp;
  to.nint = static_cast<std::int16_t>(size->integers);
  to.nreal = static_cast<std::int16_t>(size->reals);
  const auto layout = detail::layout_of(to, size->bytes(), to.byte_order);
  detail::encode_records(to, layout, all, [&](std::span<std::byte> bytes, const agar& record) {
    if (!detail::fits(record, *size))
      detail::fail(
          errc::bad_option, "a record of AGAR has {} integers and {} reals without a name, others have {} and {}",
          record.integers.size(), record.reals.size(), size->integers, size->reals - detail::named_reals(*size));
    std::byte* at = bytes.data();
    for (const std::int32_t integer : record.integers)
      detail::store(std::exchange(at, at + sizeof integer), integer, layout.order);
    detail::agar_encoder encoder{at, layout.order, detail::named_reals(*size)};
    detail::for_each_agar_field(encoder, record);
    for (const float real : record.reals) encoder.put(real);
  });
}

}  // namespace mrcz
