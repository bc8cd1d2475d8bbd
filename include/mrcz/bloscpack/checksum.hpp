/// The digests that guard chunks and metadata (bloscpack format 3, "checksum"). The only header that includes OpenSSL.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "mrcz/bloscpack/zlib.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz::bloscpack {

/// The values are those in the file.
enum class checksum : std::uint8_t { none, adler32, crc32, md5, sha1, sha224, sha256, sha384, sha512 };

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

/// The names are exact, `None` with its capital included.
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

/// The checksum with this number in the file. Throws `errc::bad_header`; `where` says which number it is.
inline checksum require_checksum(std::uint8_t number, std::string_view where) {
  const auto found = static_cast<checksum>(number);
  if (name_of(found).empty()) fail_expected(errc::bad_header, text("{} is {}", where, number), "0 to 8");
  return found;
}

/// A digest as it stands in the file; empty for `checksum::none`.
class digest {
 public:
  static constexpr std::size_t max_size = 64;

  digest() = default;
  /// At most `max_size` bytes.
  explicit digest(std::span<const std::byte> content) noexcept : size_{std::min(content.size(), max_size)} {
    std::copy_n(content.begin(), size_, bytes_.begin());
  }

  std::span<const std::byte> bytes() const noexcept { return std::span{bytes_}.first(size_); }

  friend bool operator==(const digest& a, const digest& b) noexcept { return std::ranges::equal(a.bytes(), b.bytes()); }

 private:
  std::array<std::byte, max_size> bytes_{};
  std::size_t size_ = 0;
};

/// Hexadecimal digits, as the programs that compute digests print them.
inline std::string to_string(const digest& d) {
  std::string digits;
  for (const std::byte b : d.bytes()) digits += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  return digits;
}

namespace detail {

inline const EVP_MD* message_digest(checksum c) noexcept {
  switch (c) {
    case checksum::md5: return EVP_md5();
    case checksum::sha1: return EVP_sha1();
    case checksum::sha224: return EVP_sha224();
    case checksum::sha256: return EVP_sha256();
    case checksum::sha384: return EVP_sha384();
    case checksum::sha512: return EVP_sha512();
    default: return nullptr;
  }
}

}  // namespace detail

/// Throws `errc::codec_unavailable` if this OpenSSL refuses to compute the digest (MD5 where FIPS rules hold).
inline digest digest_of(checksum c, std::span<const std::byte> content) {
  if (c == checksum::none) return {};
  std::array<std::byte, digest::max_size> bytes;
  if (c == checksum::adler32 || c == checksum::crc32) {
    store(bytes.data(), c == checksum::adler32 ? adler32_of(content) : crc32_of(content), std::endian::little);
  } else {
    unsigned size = 0;
    static_assert(digest::max_size >= EVP_MAX_MD_SIZE);
    const EVP_MD* const method = detail::message_digest(c);
    if (method == nullptr || EVP_Digest(content.data(), content.size(), reinterpret_cast<unsigned char*>(bytes.data()),
                                        &size, method, nullptr) != 1)
      fail(errc::codec_unavailable, "this OpenSSL does not compute {}; choose another checksum", name_of(c));
  }
  return digest{std::span{bytes}.first(digest_size(c))};
}

}  // namespace mrcz::bloscpack
