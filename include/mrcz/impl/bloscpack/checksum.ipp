/// Computing digests: the only file that includes OpenSSL.
#pragma once

#include "mrcz/bloscpack/checksum.hpp"

#include <openssl/evp.h>

#include "mrcz/codec/zlib.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

namespace detail {

MRCZ_INLINE const EVP_MD* message_digest(checksum c) noexcept {
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

MRCZ_INLINE checksum require_checksum(std::uint8_t number, std::string_view where) {
  const auto found = static_cast<checksum>(number);
  if (name_of(found).empty()) fail_expected(errc::bad_header, text("{} is {}", where, number), "0 to 8");
  return found;
}

}  // namespace detail

MRCZ_INLINE std::string to_string(const digest& d) {
  std::string digits;
  for (const std::byte b : d.bytes()) digits += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  return digits;
}

MRCZ_INLINE digest digest_of(checksum c, std::span<const std::byte> content) {
  if (c == checksum::none) return {};
  std::array<std::byte, digest::max_size> bytes;
  if (c == checksum::adler32 || c == checksum::crc32) {
    detail::store(bytes.data(), c == checksum::adler32 ? detail::adler32_of(content) : detail::crc32_of(content),
                  std::endian::little);
  } else {
    unsigned size = 0;
    static_assert(digest::max_size >= EVP_MAX_MD_SIZE);
    const EVP_MD* const method = detail::message_digest(c);
    if (method == nullptr || EVP_Digest(content.data(), content.size(), reinterpret_cast<unsigned char*>(bytes.data()),
                                        &size, method, nullptr) != 1)
      detail::fail(errc::codec_unavailable, "this OpenSSL does not compute {}; choose another checksum", name_of(c));
  }
  return digest{std::span{bytes}.first(digest_size(c))};
}

}  // namespace mrcz::bloscpack
