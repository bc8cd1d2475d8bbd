/// Checksums and compression by zlib: the only file that includes zlib.
#pragma once

#include "mrcz/bloscpack/zlib.hpp"

#include <zlib.h>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE std::uint32_t adler32_of(std::span<const std::byte> bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::adler32_z(1, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

MRCZ_INLINE std::uint32_t crc32_of(std::span<const std::byte> bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

MRCZ_INLINE std::vector<std::byte> deflated(std::span<const std::byte> plain, int level) {
  if (level < 1 || level > 9) fail_expected(errc::bad_option, text("zlib's level is {}", level), "1 to 9");
  uLongf size = ::compressBound(static_cast<uLong>(plain.size()));
  std::vector<std::byte> packed(size);
  const int result = ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                                 reinterpret_cast<const Bytef*>(plain.data()), static_cast<uLong>(plain.size()), level);
  if (result != Z_OK) fail(errc::too_large, "zlib could not compress {} bytes (code {})", plain.size(), result);
  packed.resize(size);
  return packed;
}

MRCZ_INLINE std::vector<std::byte> inflated(std::span<const std::byte> packed, std::size_t size) {
  constexpr std::size_t best_ratio = 1032;  // deflate: 258 bytes per 2 bits
  if (size / best_ratio > packed.size())
    fail(errc::bad_metadata, "{} bytes of zlib's cannot hold {} bytes", packed.size(), size);
  std::vector<std::byte> plain(size);
  auto found = static_cast<uLongf>(size);
  auto used = static_cast<uLong>(packed.size());
  const int result = ::uncompress2(reinterpret_cast<Bytef*>(plain.data()), &found,
                                   reinterpret_cast<const Bytef*>(packed.data()), &used);
  if (result != Z_OK || found != size || used != packed.size())
    fail(errc::bad_metadata, "{} bytes of zlib's do not hold {} bytes (code {})", packed.size(), size, result);
  return plain;
}

}  // namespace mrcz::bloscpack::detail
