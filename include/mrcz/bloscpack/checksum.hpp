/// The digests that guard chunks and metadata (bloscpack format 3, "checksum").
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

/// The values are those in the file.
enum class checksum : std::uint8_t { none, adler32, crc32, md5, sha1, sha224, sha256, sha384, sha512 };

/// Every checksum, by rising value.
inline constexpr std::array all_checksums{checksum::none,   checksum::adler32, checksum::crc32,
                                          checksum::md5,    checksum::sha1,    checksum::sha224,
                                          checksum::sha256, checksum::sha384,  checksum::sha512};

/// The name that bloscpack uses; empty for a value that is no checksum.
constexpr std::string_view name_of(checksum c) noexcept {
  constexpr std::array<std::string_view, 9> names{"None",   "adler32", "crc32",  "md5",   "sha1",
                                                  "sha224", "sha256",  "sha384", "sha512"};
  const auto value = static_cast<std::size_t>(c);
  return value < names.size() ? names[value] : "";
}

/// The checksum with exactly this name, including the capital letter of `None`.
constexpr std::optional<checksum> checksum_named(std::string_view name) noexcept {
  for (const checksum c : all_checksums)
    if (name_of(c) == name) return c;
  return std::nullopt;
}

/// Bytes of a digest in the file.
constexpr std::size_t digest_size(checksum c) noexcept {
  constexpr std::array<std::size_t, 9> sizes{0, 4, 4, 16, 20, 28, 32, 48, 64};
  const auto value = static_cast<std::size_t>(c);
  return value < sizes.size() ? sizes[value] : 0;
}

namespace detail {

/// The checksum with this number in the file. Throws `errc::bad_header` for an unknown number; the message calls the
/// number `where`.
MRCZ_INLINE checksum require_checksum(std::uint8_t number, std::string_view where);

}  // namespace detail

/// A digest as stored in the file; empty for `checksum::none`.
class digest {
 public:
  static constexpr std::size_t max_size = 64;  ///< bytes of the longest digest

  digest() = default;
  /// At most `max_size` bytes.
  explicit digest(std::span<const std::byte> content) noexcept : size_{std::min(content.size(), max_size)} {
    std::copy_n(content.begin(), size_, bytes_.begin());
  }

  /// The bytes of the digest.
  std::span<const std::byte> bytes() const noexcept { return std::span{bytes_}.first(size_); }

  friend bool operator==(const digest& a, const digest& b) noexcept { return std::ranges::equal(a.bytes(), b.bytes()); }

 private:
  std::array<std::byte, max_size> bytes_{};
  std::size_t size_ = 0;
};

/// Hexadecimal digits, as the programs that compute digests print them.
MRCZ_INLINE std::string to_string(const digest& d);

/// Throws `errc::codec_unavailable` if this OpenSSL refuses to compute the digest (MD5 in FIPS mode).
MRCZ_INLINE digest digest_of(checksum c, std::span<const std::byte> content);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/checksum.ipp"
#endif
