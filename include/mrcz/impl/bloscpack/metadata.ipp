/// Metadata to a section of the file and back.
#pragma once

#include "mrcz/bloscpack/metadata.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "mrcz/codec/zlib.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

MRCZ_INLINE std::array<std::byte, metadata_header_size> encode(const metadata_header& h) noexcept {
  std::array<std::byte, metadata_header_size> to{};
  std::memcpy(to.data(), h.magic_format.data(), 8);
  to[8] = static_cast<std::byte>(h.meta_options);
  to[9] = static_cast<std::byte>(h.meta_checksum);
  to[10] = static_cast<std::byte>(h.meta_codec);
  to[11] = static_cast<std::byte>(h.meta_level);
  detail::store(to.data() + 12, h.meta_size, std::endian::little);
  detail::store(to.data() + 16, h.max_meta_size, std::endian::little);
  detail::store(to.data() + 20, h.meta_comp_size, std::endian::little);
  std::memcpy(to.data() + 24, h.user_codec.data(), 8);
  return to;
}

MRCZ_INLINE metadata_header decode_metadata_header(std::span<const std::byte, metadata_header_size> from) {
  const auto u8 = [&](std::size_t at) { return std::to_integer<std::uint8_t>(from[at]); };
  const auto u32 = [&](std::size_t at) { return detail::load<std::uint32_t>(from.data() + at, std::endian::little); };
  metadata_header h;
  std::memcpy(h.magic_format.data(), from.data(), 8);
  h.meta_options = u8(8);
  h.meta_checksum = detail::require_checksum(u8(9), "the checksum of the metadata");
  if (u8(10) > 1)
    detail::fail_expected(errc::bad_metadata, detail::text("the codec of the metadata is {}", u8(10)), "0 or 1");
  h.meta_codec = static_cast<metadata_codec>(u8(10));
  h.meta_level = u8(11);
  h.meta_size = u32(12);
  h.max_meta_size = u32(16);
  h.meta_comp_size = u32(20);
  std::memcpy(h.user_codec.data(), from.data() + 24, 8);
  if (h.meta_comp_size > h.max_meta_size)
    detail::fail(errc::bad_metadata, "metadata have {} bytes, but only {} are reserved for them", h.meta_comp_size,
                 h.max_meta_size);
  if (h.meta_codec == metadata_codec::none && h.meta_comp_size != h.meta_size)
    detail::fail(errc::bad_metadata, "metadata of {} bytes are stored in {} bytes, but not compressed", h.meta_size,
                 h.meta_comp_size);
  return h;
}

MRCZ_INLINE std::string to_text(const metadata& values) { return detail::write_json(values, detail::json_text::ascii); }

MRCZ_INLINE metadata parse_metadata(std::string_view text) {
  return detail::parse_json<metadata>(text, "JSON metadata");
}

MRCZ_INLINE std::vector<std::byte> encode_metadata(const metadata& values, const metadata_options& options) {
  const std::string text = to_text(values);
  const auto plain = std::as_bytes(std::span{text});
  const int level = options.level.value_or(6);
  auto packed = detail::deflated(plain, level);
  metadata_header h;
  h.meta_checksum = options.checksum.value_or(checksum::adler32);
  h.meta_level = static_cast<std::uint8_t>(level);
  h.meta_size = static_cast<std::uint32_t>(text.size());
  if (packed.size() > text.size()) {
    packed.assign(plain.begin(), plain.end());
    h.meta_codec = metadata_codec::none;
  }
  h.meta_comp_size = static_cast<std::uint32_t>(packed.size());
  static_assert(10 * max_metadata_bytes <= std::numeric_limits<std::uint32_t>::max());
  h.max_meta_size = options.no_reserve ? h.meta_comp_size : options.max_meta_size.value_or(10 * h.meta_size);
  if (h.meta_comp_size > h.max_meta_size)
    detail::fail(errc::too_large, "metadata take {} bytes, but only {} are reserved for them", h.meta_comp_size,
                 h.max_meta_size);
  const auto first = encode(h);
  const auto last = digest_of(h.meta_checksum, packed);
  std::vector<std::byte> section(static_cast<std::size_t>(h.section_size()));
  std::ranges::copy(first, section.begin());
  std::ranges::copy(packed, section.begin() + first.size());
  std::ranges::copy(last.bytes(), section.end() - static_cast<std::ptrdiff_t>(last.bytes().size()));
  return section;
}

namespace detail {

MRCZ_INLINE void check(const metadata_options& wanted) {
  if (const int level = wanted.level.value_or(6); level < 1 || level > 9)
    fail_expected(errc::bad_option, text("level of the metadata is {}", level), "1 to 9");
  if (wanted.no_reserve && wanted.max_meta_size)
    fail(errc::bad_option, "max_meta_size is {}, but nothing is to be reserved", *wanted.max_meta_size);
}

MRCZ_INLINE void require_bounded(const metadata_header& h) {
  if (const auto size = std::max(h.meta_size, h.meta_comp_size); size > max_metadata_bytes)
    fail_expected(errc::bad_metadata, text("metadata have {} bytes", size), text("at most {}", max_metadata_bytes));
}

}  // namespace detail

MRCZ_INLINE metadata decode_metadata(const metadata_header& h, std::span<const std::byte> stored,
                                     const digest& expected) {
  if (const auto received = digest_of(h.meta_checksum, stored); received != expected)
    detail::fail(errc::bad_metadata, "Checksum mismatch detected in metadata expected: '{}', received: '{}'",
                 to_string(expected), to_string(received));
  if (std::string_view{h.magic_format.data(), 4} != "JSON")
    detail::fail_expected(
        errc::bad_metadata,
        detail::text("metadata have the format {}", detail::python_bytes(std::as_bytes(std::span{h.magic_format}))),
        "b'JSON'");
  detail::require_bounded(h);
  std::vector<std::byte> memory;
  if (h.meta_codec == metadata_codec::zlib) {
    memory = detail::inflated(stored, h.meta_size);
    stored = memory;
  }
  return parse_metadata(std::string_view{reinterpret_cast<const char*>(stored.data()), stored.size()});
}

}  // namespace mrcz::bloscpack
