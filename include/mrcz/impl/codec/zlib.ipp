/// Definitions of `codec/zlib.hpp`.
#pragma once

#include "mrcz/codec/zlib.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE std::uint32_t adler32_of(std::span<const std::byte> bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::adler32_z(1, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

MRCZ_INLINE std::uint32_t crc32_of(std::span<const std::byte> bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
}

MRCZ_INLINE std::uint32_t crc32_of_both(std::uint32_t first, std::uint32_t second,
                                        std::uint64_t second_bytes) noexcept {
  return static_cast<std::uint32_t>(::crc32_combine(first, second, static_cast<z_off_t>(second_bytes)));
}

MRCZ_INLINE void require_level_of_zlib(int level) {
  if (level < 1 || level > 9) fail_expected(errc::bad_option, text("zlib's level is {}", level), "1 to 9");
}

MRCZ_INLINE std::vector<std::byte> deflated(std::span<const std::byte> plain, int level) {
  require_level_of_zlib(level);
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

class gzip_decoder final : public stream_decoder {
 public:
  gzip_decoder() {
    if (::inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc{};
  }
  ~gzip_decoder() override { ::inflateEnd(&stream_); }

  decoded_piece decode(std::span<const std::byte> from, std::span<std::byte> into) override {
    decoded_piece done;
    Bytef nowhere = 0;
    while (!after_last_) {
      const auto available_in = static_cast<uInt>(std::min(from.size() - done.taken, most_at_once));
      const auto available_out = static_cast<uInt>(std::min(into.size() - done.made, most_at_once));
      // zlib does not change its input. It refuses null as a place for its output, even if there is nothing to put.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(from.data() + done.taken));
      stream_.avail_in = available_in;
      stream_.next_out = available_out > 0 ? reinterpret_cast<Bytef*>(into.data() + done.made) : &nowhere;
      stream_.avail_out = available_out;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      done.taken += available_in - stream_.avail_in;
      done.made += available_out - stream_.avail_out;
      if (result == Z_STREAM_END) {
        one_ended_ = true;
        ::inflateReset(&stream_);
      } else if (result == Z_DATA_ERROR && one_ended_ && stream_.total_in <= magic_bytes) {
        after_last_ = true;
      } else if (result == Z_MEM_ERROR) {
        throw std::bad_alloc{};
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        done.damage = stream_.msg != nullptr ? stream_.msg : "a dictionary is missing";
        return done;
      } else if (result == Z_BUF_ERROR || done.taken == from.size() || done.made == into.size()) {
        return done;
      }
    }
    done.taken = from.size();
    return done;
  }

  bool may_end() const noexcept override { return one_ended_ && (after_last_ || stream_.total_in < magic_bytes); }

 private:
  static constexpr std::size_t most_at_once = std::size_t{1} << 30U;
  static constexpr uLong magic_bytes = 2;

  z_stream stream_{};
  bool one_ended_ = false;
  bool after_last_ = false;
};

MRCZ_INLINE std::unique_ptr<stream_decoder> make_gzip_decoder() { return std::make_unique<gzip_decoder>(); }

MRCZ_INLINE std::vector<std::byte> deflated_part(std::span<const std::byte> plain, int level, bool last) {
  require_level_of_zlib(level);
  z_stream stream{};
  if (::deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc{};
  constexpr uLong flush_marker = 16;  // more than the empty block that ends a part
  std::vector<std::byte> packed(::deflateBound(&stream, static_cast<uLong>(plain.size())) + flush_marker);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(plain.data()));  // zlib does not change it
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, last ? Z_FINISH : Z_FULL_FLUSH);
  packed.resize(packed.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return packed;
}

}  // namespace mrcz::detail
