/// The 1024 bytes of the main header to and from `header`, in both byte orders, with the repairs that files of the
/// wild need.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/byte_order.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/machine_stamp.hpp"
#include "mrcz/format/mode_word.hpp"

namespace mrcz {

using header_bytes = std::array<std::byte, header_size>;

namespace detail {

/// Calls `field(offset, value)` for every number of the header that has the byte order of the file: the one place
/// where the layout is written down, used for reading and for writing.
template <class Header, class Field>
void for_each_number(Header& h, Field&& field) {
  field(0, h.nx), field(4, h.ny), field(8, h.nz), field(12, h.mode);
  field(16, h.nxstart), field(20, h.nystart), field(24, h.nzstart);
  field(28, h.mx), field(32, h.my), field(36, h.mz);
  field(40, h.cella.x), field(44, h.cella.y), field(48, h.cella.z);
  field(52, h.cellb.x), field(56, h.cellb.y), field(60, h.cellb.z);
  field(64, h.mapc), field(68, h.mapr), field(72, h.maps);
  field(76, h.dmin), field(80, h.dmax), field(84, h.dmean);
  field(88, h.ispg), field(92, h.nsymbt), field(108, h.nversion);
  field(128, h.nint), field(130, h.nreal);
  field(132, h.voltage), field(136, h.c3), field(140, h.gain), field(144, h.packed_bytes);
  field(152, h.imod_stamp), field(156, h.imod_flags);
  field(196, h.origin.x), field(200, h.origin.y), field(204, h.origin.z);
  field(216, h.rms), field(220, h.nlabl);
}

/// Calls `field(offset, array)` for everything that is bytes or characters, whatever the byte order.
template <class Header, class Field>
void for_each_text(Header& h, Field&& field) {
  field(96, h.extra1), field(104, h.exttyp), field(112, h.extra2), field(160, h.extra3);
  field(208, h.map), field(212, h.machst);
}

constexpr std::size_t labels_offset = 224;

/// python-mrcz writes NLABL in the order of the machine even into a file of the other order.
inline bool has_host_order_fields(const header& h) noexcept {
  const auto swapped = std::bit_cast<std::int32_t>(byteswap(std::bit_cast<std::uint32_t>(h.nlabl)));
  return h.has_mrcz_label() && (h.nlabl < 0 || h.nlabl > 10) && swapped >= 0 && swapped <= 10;
}

/// Then MODE, the statistics and MRCZ's own fields are in that order too, unless MODE makes sense as it stands.
inline void read_host_order_fields(const header_bytes& bytes, header& h) noexcept {
  const auto take = [&](std::size_t at, auto& value) {
    value = load<std::remove_reference_t<decltype(value)>>(bytes.data() + at, opposite(h.byte_order));
  };
  take(220, h.nlabl);
  if (decode_mode_word(h.mode) && h.mode != 0) return;
  take(12, h.mode), take(76, h.dmin), take(80, h.dmax), take(84, h.dmean);
  take(132, h.voltage), take(136, h.c3), take(140, h.gain), take(144, h.packed_bytes);
}

inline bool has_map(const header& h) noexcept { return std::string_view{h.map.data(), 3} == "MAP"; }

inline bool has_extents(const header& h) noexcept { return h.nx > 0 && h.ny > 0 && h.nz > 0; }

/// Enough of a header to read voxels by, even if nothing says that it is one.
inline bool makes_sense(const header& h) noexcept { return has_extents(h) && decode_mode_word(h.mode).has_value(); }

/// Before 2000 there was no MAP and no stamp, and the origin stood in words 53 to 55 in the order z, x, y (IMOD's
/// rule). c-mrcz leaves MAP out as well, but stamps the file and compresses it.
inline bool is_old_style(const header& h) noexcept {
  return !has_map(h) && byte_order_of(h.machst) != h.byte_order && h.mode < 1000 && h.nversion == 0;
}

inline void read_old_style_origin(const header_bytes& bytes, header& h) noexcept {
  const auto f32 = [&](std::size_t at) { return load<float>(bytes.data() + at, h.byte_order); };
  h.origin = {f32(212), f32(216), f32(208)};
  h.rms = -1;
}

}  // namespace detail

/// Reads a header whatever it says; `check` tells whether it makes sense. `file_size` helps to find the byte order,
/// which the caller may know better.
inline header decode(const header_bytes& bytes, std::uint64_t file_size,
                     std::optional<std::endian> order = std::nullopt) {
  header h;
  h.byte_order = order ? *order : vote_byte_order(bytes, file_size);
  detail::for_each_number(h, [&](std::size_t at, auto& value) {
    value = load<std::remove_reference_t<decltype(value)>>(bytes.data() + at, h.byte_order);
  });
  detail::for_each_text(
      h, [&](std::size_t at, auto& value) { std::memcpy(value.data(), bytes.data() + at, value.size()); });
  std::array<char, labels::capacity * labels::length> text;
  std::memcpy(text.data(), bytes.data() + detail::labels_offset, text.size());
  h.labels = labels::decode(text.data());
  if (detail::has_host_order_fields(h)) detail::read_host_order_fields(bytes, h);
  if (detail::is_old_style(h)) detail::read_old_style_origin(bytes, h);
  return h;
}

/// Writes the header in its own byte order; NLABL is the number of labels.
inline header_bytes encode(const header& h) noexcept {
  header_bytes bytes{};
  detail::for_each_number(h, [&](std::size_t at, const auto& value) { store(bytes.data() + at, value, h.byte_order); });
  store(bytes.data() + 220, static_cast<std::int32_t>(h.labels.size()), h.byte_order);
  detail::for_each_text(
      h, [&](std::size_t at, const auto& value) { std::memcpy(bytes.data() + at, value.data(), value.size()); });
  std::array<char, labels::capacity * labels::length> text;
  h.labels.encode(text.data());
  std::memcpy(bytes.data() + detail::labels_offset, text.data(), text.size());
  return bytes;
}

/// Throws `errc::not_mrc`, `bad_header` or `bad_mode` unless the header describes voxels. A missing MAP is forgiven to
/// a header that makes sense otherwise.
inline void check(const header& h) {
  if (!detail::has_map(h) && !detail::makes_sense(h))
    fail(errc::not_mrc, "is not an MRC file: no 'MAP' at byte 208, extents {} x {} x {} and MODE {}", h.nx, h.ny, h.nz,
         h.mode);
  if (!detail::has_extents(h))
    fail(errc::bad_header,
         {.byte = 0, .found = text("NX, NY, NZ are {}, {}, {}", h.nx, h.ny, h.nz), .expected = "positive numbers"});
  require_mode_word(h.mode);
}

/// Whether both are the same 1024 bytes in a file (`encode`).
MRCZ_INLINE bool operator==(const header& a, const header& b) noexcept;

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/header_bytes.ipp"
#endif
