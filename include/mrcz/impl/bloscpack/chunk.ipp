/// Packing and unpacking one chunk.
#pragma once

#include "mrcz/bloscpack/chunk.hpp"

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE chunk_packer::chunk_packer(const chunk_options& options, bloscpack::checksum checksum)
    : options_{options}, checksum_{checksum} {
  check(options);
}

MRCZ_INLINE packed_chunk chunk_packer::pack(std::span<const std::byte> plain) const {
  packed_chunk packed;
  packed.memory_ = pool_->take();
  packed.bytes_ = compress(
      plain, options_.typesize,
      {.codec = options_.codec, .level = options_.level, .shuffle = options_.shuffle, .block_size = 0},  // as bloscpack
      packed.memory_);
  packed.digest_ = digest_of(checksum_, packed.bytes_);
  packed.plain_size_ = plain.size();
  return packed;
}

MRCZ_INLINE void chunk_packer::recycle(packed_chunk&& written) const { pool_->give_back(std::move(written.memory_)); }

MRCZ_INLINE void check(const chunk_options& wanted) {
  mrcz::detail::check(compression{.codec = wanted.codec, .level = wanted.level, .shuffle = wanted.shuffle});
  if (wanted.codec == codec::none)
    fail(errc::bad_option, "codec none makes no chunks; level 0 stores data as they are");
  if (wanted.typesize < 1 || wanted.typesize > 255)
    fail_expected(errc::bad_option, text("typesize is {}", wanted.typesize), "1 to 255");
  require_available(wanted.codec);
}

MRCZ_INLINE chunk_header decode_chunk_header(std::span<const std::byte, chunk_header::size> from,
                                             std::optional<std::uint32_t> expected, std::uint32_t largest) {
  const auto header = chunk_header::decode(from);
  if (!expected && header.bytes > largest)
    fail_expected(errc::bad_chunk, text("chunk holds {} bytes", header.bytes), text("at most {}", largest));
  mrcz::detail::check(header, header.packed_bytes, expected.value_or(header.bytes));
  if (header.packed_bytes < chunk_header::size || header.packed_bytes > header.bytes + chunk_header::size)
    fail_expected(errc::bad_chunk, text("chunk says that it has {} packed bytes", header.packed_bytes),
                  text("{} to {}", chunk_header::size, header.bytes + chunk_header::size));
  return header;
}

MRCZ_INLINE void unpack_chunk(std::span<const std::byte> chunk, bloscpack::checksum checksum,
                              std::span<const std::byte> stored, std::span<std::byte> into) {
  const digest expected{stored};
  if (const auto received = digest_of(checksum, chunk); received != expected)
    fail(errc::bad_chunk, "Checksum mismatch detected in chunk, expected: '{}', received: '{}'", to_string(expected),
         to_string(received));
  unpack_memory memory;
  decompress(chunk, into, memory);
}

}  // namespace mrcz::bloscpack::detail
