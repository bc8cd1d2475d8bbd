/// The header to bytes and back.
#pragma once

#include "mrcz/bloscpack/header.hpp"

#include <cstring>
#include <limits>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

namespace detail {

MRCZ_INLINE void check(const header& h) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto size_of = [](std::string_view name, std::optional<std::uint32_t> value) {
    if (value.value_or(0) > max_chunk_size)
      fail_expected(errc::bad_header, text("{} is {}", name, static_cast<std::int32_t>(*value)),
                    text("-1 to {}", max_chunk_size));
  };
  size_of("chunk_size", h.chunk_size);
  size_of("last_chunk", h.last_chunk);
  if (h.chunk_size && h.last_chunk && *h.last_chunk > *h.chunk_size)
    fail_expected(errc::bad_header, text("last_chunk is {}", *h.last_chunk),
                  text("at most the chunk_size {}", *h.chunk_size));
  if (h.nchunks.value_or(0) > largest)
    fail_expected(errc::bad_header, text("nchunks is {}", static_cast<std::int64_t>(*h.nchunks)), "at least -1");
  if (h.max_app_chunks > largest)
    fail_expected(errc::bad_header, text("max_app_chunks is {}", static_cast<std::int64_t>(h.max_app_chunks)),
                  "at least 0");
  if (!h.nchunks && h.max_app_chunks != 0)
    fail_expected(errc::bad_header, text("max_app_chunks is {} although nchunks is -1", h.max_app_chunks), "0");
  if (h.nchunks.value_or(0) + h.max_app_chunks > largest)
    fail(errc::bad_header, "nchunks {} and max_app_chunks {} are together more than 2**63 - 1", *h.nchunks,
         h.max_app_chunks);
}

}  // namespace detail

MRCZ_INLINE std::array<std::byte, header_size> encode(const header& h) {
  detail::check(h);
  std::array<std::byte, header_size> to{};
  const auto u8 = [&](std::size_t at, unsigned value) { to[at] = static_cast<std::byte>(value); };
  const auto number = [&](std::size_t at, auto value) { detail::store(to.data() + at, value, std::endian::little); };
  std::memcpy(to.data(), "blpk", 4);
  u8(4, format_version);
  u8(5, (h.offsets ? 1U : 0U) | (h.metadata ? 2U : 0U));
  u8(6, static_cast<unsigned>(h.checksum));
  u8(7, h.typesize);
  number(8, h.chunk_size.value_or(std::numeric_limits<std::uint32_t>::max()));
  number(12, h.last_chunk.value_or(std::numeric_limits<std::uint32_t>::max()));
  number(16, h.nchunks.value_or(std::numeric_limits<std::uint64_t>::max()));
  number(24, h.max_app_chunks);
  return to;
}

}  // namespace mrcz::bloscpack

namespace mrcz::bloscpack::detail {

MRCZ_INLINE std::string python_bytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    const auto c = std::to_integer<unsigned char>(b);
    if (c == '\t') text += "\\t";
    else if (c == '\n') text += "\\n";
    else if (c == '\r') text += "\\r";
    else if (c == '\\') text += "\\\\";
    else if (c < 0x20 || c > 0x7e) text += fmt::format("\\x{:02x}", c);
    else text += static_cast<char>(c);
  }
  if (text.find('\'') == std::string::npos) return fmt::format("b'{}'", text);
  if (text.find('"') == std::string::npos) return fmt::format("b\"{}\"", text);
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return fmt::format("b'{}'", text);
}

}  // namespace mrcz::bloscpack::detail

namespace mrcz::bloscpack {

MRCZ_INLINE header decode_header(std::span<const std::byte> from) {
  if (from.size() != header_size)
    detail::fail(errc::not_bloscpack, "attempting to decode a bloscpack header of length '{}', not '{}'", from.size(),
                 header_size);
  if (std::memcmp(from.data(), "blpk", 4) != 0)
    detail::fail(errc::not_bloscpack,
                 "the magic marker b'blpk' is missing from the bloscpack header, instead we found: {}",
                 detail::python_bytes(from.first(4)));
  const auto u8 = [&](std::size_t at) { return std::to_integer<std::uint8_t>(from[at]); };
  const auto i32 = [&](std::size_t at, std::string_view name) -> std::optional<std::uint32_t> {
    const auto value = detail::load<std::int32_t>(from.data() + at, std::endian::little);
    if (value == -1) return std::nullopt;
    if (value < -1)
      detail::fail_expected(errc::bad_header, detail::text("{} is {}", name, value),
                            detail::text("-1 to {}", max_chunk_size));
    return static_cast<std::uint32_t>(value);
  };
  if (u8(4) != format_version)
    detail::fail(errc::bad_header, "format version of file was not '{}' as expected, but '{}'", format_version, u8(4));
  if (u8(5) > 3) detail::fail(errc::bad_header, "the options are {:#04x}, of which only 0x03 have a meaning", u8(5));
  header h;
  h.offsets = (u8(5) & 1U) != 0;
  h.metadata = (u8(5) & 2U) != 0;
  h.checksum = detail::require_checksum(u8(6), "the checksum of the chunks");
  h.typesize = u8(7);
  h.chunk_size = i32(8, "chunk_size");
  h.last_chunk = i32(12, "last_chunk");
  if (const auto count = detail::load<std::int64_t>(from.data() + 16, std::endian::little); count != -1)
    h.nchunks = static_cast<std::uint64_t>(count);
  h.max_app_chunks = detail::load<std::uint64_t>(from.data() + 24, std::endian::little);
  detail::check(h);
  return h;
}

MRCZ_INLINE chunking chunks_of(std::uint64_t size, std::size_t wanted) {
  if (wanted < 1 || wanted > max_chunk_size)
    detail::fail(errc::bad_option, "'chunk_size' must be in the range 1 <= n <= {}, not '{}'", max_chunk_size, wanted);
  if (size == 0) return {0, 0, 1};
  const std::uint64_t chunk = std::min<std::uint64_t>(wanted, size);
  const std::uint64_t count = (size - 1) / chunk + 1;
  return {static_cast<std::uint32_t>(chunk), static_cast<std::uint32_t>(size - chunk * (count - 1)), count};
}

}  // namespace mrcz::bloscpack
