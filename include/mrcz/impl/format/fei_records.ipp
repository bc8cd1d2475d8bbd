/// Reads and writes the records of FEI.
#pragma once

#include "mrcz/format/fei_records.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/record_layout.hpp"

namespace mrcz {

namespace detail {

/// The validity bits are little-endian in every file.
inline constexpr std::endian mask_order = std::endian::little;

/// A place in a record and the validity bits that belong to it.
struct fei_cursor {
  std::byte* at;
  std::byte* mask_at = nullptr;
  std::uint32_t bit = 0;  ///< of the next field

  void next_mask() noexcept {
    mask_at = at;
    at += sizeof(std::uint32_t);
    bit = 0;
  }
  bool is_valid() const noexcept { return (load<std::uint32_t>(mask_at, mask_order) >> bit & 1U) != 0; }
  void set_valid(bool valid) const noexcept {
    const auto mask = load<std::uint32_t>(mask_at, mask_order);
    store(mask_at, valid ? mask | 1U << bit : mask & ~(1U << bit), mask_order);
  }
  void pass(std::size_t bytes, std::uint32_t bits = 1) noexcept {
    at += bytes;
    bit += bits;
  }
};

/// The size of a field in a file. A `bool` takes one byte.
template <class T>
inline constexpr std::size_t fei_bytes = std::is_same_v<T, bool> ? 1 : sizeof(T);

struct fei_decoder {
  fei_cursor place;
  std::endian order;

  void mask() noexcept { place.next_mask(); }
  template <class T>
  void number(const char*, std::optional<T>& field) {
    if (place.is_valid()) {
      if constexpr (std::is_same_v<T, bool>) field = *place.at != std::byte{0};
      else field = load<T>(place.at, order);
    }
    place.pass(fei_bytes<T>);
  }
  void text(const char*, std::optional<std::string>& field, std::size_t bytes) {
    const std::string_view stored{reinterpret_cast<const char*>(place.at), bytes};
    if (place.is_valid()) field = stored.substr(0, stored.find('\0'));
    place.pass(bytes);
  }
  void skip(std::size_t bytes, std::uint32_t bits, std::size_t) noexcept { place.pass(bytes, bits); }
};

struct fei_encoder {
  fei_cursor place;
  std::endian order;

  void mask() noexcept { place.next_mask(); }
  template <class T>
  void number(const char*, const std::optional<T>& field) noexcept {
    place.set_valid(field.has_value());
    if (field) {
      if constexpr (std::is_same_v<T, bool>) *place.at = std::byte{*field};
      else store(place.at, *field, order);
    }
    place.pass(fei_bytes<T>);
  }
  void text(const char* name, const std::optional<std::string>& field, std::size_t bytes) {
    place.set_valid(field.has_value());
    if (field) {
      if (field->size() > bytes)
        fail(errc::bad_option, "{} has {} characters, but a record of FEI holds {}", name, field->size(), bytes);
      std::memset(place.at, 0, bytes);
      std::memcpy(place.at, field->data(), field->size());
    }
    place.pass(bytes);
  }
  void skip(std::size_t bytes, std::uint32_t bits, std::size_t) noexcept { place.pass(bytes, bits); }
};

struct fei_swapper {
  fei_cursor place;

  void mask() noexcept { place.next_mask(); }
  template <class T>
  void number(const char*, const std::optional<T>&) noexcept {
    std::reverse(place.at, place.at + fei_bytes<T>);
    place.pass(fei_bytes<T>);
  }
  void text(const char*, const std::optional<std::string>&, std::size_t bytes) noexcept { place.pass(bytes); }
  void skip(std::size_t bytes, std::uint32_t bits, std::size_t word) noexcept {
    for (std::size_t i = 0; i < bytes; i += word) std::reverse(place.at + i, place.at + i + word);
    place.pass(bytes, bits);
  }
};

template <class Visit, class Record>
void for_each_field(Visit& visit, Record& r) {
  for_each_fei1_field(visit, r);
  if constexpr (std::is_same_v<std::remove_const_t<Record>, fei2>) for_each_fei2_field(visit, r);
}

/// The size and version in front of a record.
inline constexpr std::size_t fei_front = 2 * sizeof(std::int32_t);

/// Byte order and size are what the first record states: FEI's programs write little-endian records, others the byte
/// order of the header. A record that states 0 has the least size. `record_bytes` is 0 if the size is absurd: then
/// there are other things than records. Records end where one states another size.
MRCZ_INLINE record_layout fei_layout_of(const extended_header& from, std::size_t least_bytes) noexcept {
  const auto stated = [&](std::size_t record, std::endian order) {
    return std::size_t{load<std::uint32_t>(from.bytes.data() + record, order)};
  };
  record_layout found{.record_bytes = least_bytes};
  if (from.bytes.size() < least_bytes) return found;
  const std::size_t first = stated(0, std::endian::little);
  if (first != 0) {
    constexpr std::size_t most_bytes = 0xffff;  // a size in the other byte order is larger
    if (first > most_bytes) found.order = std::endian::big;
    found.record_bytes = stated(0, found.order);
    if (found.record_bytes < least_bytes || found.record_bytes > std::min(most_bytes, from.bytes.size()))
      return {.record_bytes = 0};
  }
  const std::size_t most = from.bytes.size() / found.record_bytes;
  const std::size_t wanted = from.sections == 0 ? most : std::min(most, from.sections);
  while (found.count < wanted && stated(found.count * found.record_bytes, found.order) == stated(0, found.order))
    ++found.count;
  return found;
}

MRCZ_INLINE bool has_fei_records(const extended_header& extended) noexcept {
  return !extended.empty() && (extended.exttyp == fei1::exttyp || extended.exttyp == fei2::exttyp);
}

/// The least size of a record in an extended header of this type.
MRCZ_INLINE std::size_t fei_size(const extended_header& extended) noexcept {
  return extended.exttyp == fei2::exttyp ? fei2::size : fei1::size;
}

MRCZ_INLINE record_layout layout_of_fei(const extended_header& extended) noexcept {
  return has_fei_records(extended) ? fei_layout_of(extended, fei_size(extended)) : record_layout{};
}

template <class Record>
std::vector<Record> fei_records(const extended_header& from) {
  if (!has_fei_records(from) || fei_size(from) < Record::size)
    fail_no_records(from, {Record::exttyp.data(), Record::exttyp.size()});
  const record_layout layout = fei_layout_of(from, fei_size(from));
  if (layout.record_bytes == 0)
    fail_expected(errc::bad_header,
                  text("the first record of {} states {} bytes", from.type(),
                       load<std::int32_t>(from.bytes.data(), std::endian::little)),
                  text("{} or more, up to the {} of the extended header", fei_size(from), from.bytes.size()));
  return decode_records<Record>(from, layout, [&](std::span<const std::byte> stored, Record& record) {
    std::vector<std::byte> copy(stored.begin(), stored.end());
    fei_decoder decoder{{copy.data() + fei_front}, layout.order};
    for_each_field(decoder, record);
  });
}

template <class Record>
void set_fei_records(extended_header& to, std::span<const Record> all) {
  record_layout layout{.record_bytes = Record::size};
  if (to.exttyp == Record::exttyp) layout = fei_layout_of(to, Record::size);
  else to.bytes.clear(), to.nint = to.nreal = 0;
  if (layout.record_bytes == 0)
    fail(errc::bad_header, "the extended header holds other things than records of {}", to.type());
  to.exttyp = Record::exttyp;
  encode_records(to, layout, all, [&](std::span<std::byte> place, const Record& record) {
    store(place.data(), static_cast<std::int32_t>(layout.record_bytes), layout.order);
    store(place.data() + sizeof(std::int32_t), Record::version, layout.order);
    fei_encoder encoder{{place.data() + fei_front}, layout.order};
    for_each_field(encoder, record);
  });
}

MRCZ_INLINE void set_fei_byte_order(extended_header& extended, std::endian order) {
  const std::size_t sections = std::exchange(extended.sections, 0);  // also records behind those of the sections
  const record_layout layout = fei_layout_of(extended, fei_size(extended));
  extended.sections = sections;
  if (layout.order == order || layout.record_bytes == 0) return;
  const fei2 any;  // for the types of its fields
  for (std::size_t i = 0; i < layout.count; ++i) {
    std::byte* const record = extended.bytes.data() + i * layout.record_bytes;
    std::reverse(record, record + sizeof(std::int32_t));
    std::reverse(record + sizeof(std::int32_t), record + fei_front);
    fei_swapper swapper{{record + fei_front}};
    for_each_fei1_field(swapper, any);
    if (extended.exttyp == fei2::exttyp) for_each_fei2_field(swapper, any);
  }
}

}  // namespace detail

MRCZ_INLINE std::vector<fei1> fei1::all_in(const extended_header& from) { return detail::fei_records<fei1>(from); }
MRCZ_INLINE std::vector<fei2> fei2::all_in(const extended_header& from) { return detail::fei_records<fei2>(from); }
MRCZ_INLINE void fei1::replace_in(extended_header& to, std::span<const fei1> all) { detail::set_fei_records(to, all); }
MRCZ_INLINE void fei2::replace_in(extended_header& to, std::span<const fei2> all) { detail::set_fei_records(to, all); }

}  // namespace mrcz
