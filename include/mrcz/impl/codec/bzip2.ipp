/// Definitions of `codec/bzip2.hpp`.
#pragma once

#include "mrcz/codec/bzip2.hpp"

#ifdef MRCZ_BZIP2
#include <bzlib.h>

#include <algorithm>
#include <new>
#endif

namespace mrcz::detail {

#ifndef MRCZ_BZIP2
MRCZ_INLINE std::unique_ptr<stream_decoder> make_bzip2_decoder() { return nullptr; }
#else
class bzip2_decoder final : public stream_decoder {
 public:
  bzip2_decoder() { begin(); }
  ~bzip2_decoder() override { BZ2_bzDecompressEnd(&stream_); }

  decoded_piece decode(std::span<const std::byte> from, std::span<std::byte> into) override {
    decoded_piece done;
    while (!after_last_ && (done.taken < from.size() || done.made < into.size())) {
      const auto available_in = static_cast<unsigned>(std::min(from.size() - done.taken, most_at_once));
      const auto available_out = static_cast<unsigned>(std::min(into.size() - done.made, most_at_once));
      // libbz2 does not change its input.
      stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(from.data() + done.taken));
      stream_.avail_in = available_in;
      stream_.next_out = reinterpret_cast<char*>(into.data() + done.made);
      stream_.avail_out = available_out;
      const int result = BZ2_bzDecompress(&stream_);
      const bool moved = stream_.avail_in < available_in || stream_.avail_out < available_out;
      done.taken += available_in - stream_.avail_in;
      done.made += available_out - stream_.avail_out;
      if (result == BZ_STREAM_END) {
        one_ended_ = true;
        BZ2_bzDecompressEnd(&stream_);
        begin();
      } else if (result == BZ_DATA_ERROR_MAGIC && one_ended_ && stream_.total_in_lo32 <= magic_bytes) {
        after_last_ = true;
      } else if (result == BZ_MEM_ERROR) {
        throw std::bad_alloc{};
      } else if (result != BZ_OK) {
        done.damage = result == BZ_DATA_ERROR_MAGIC ? "no stream of bzip2 begins there" : "checksums do not agree";
        return done;
      } else if (!moved) {
        return done;
      }
    }
    if (after_last_) done.taken = from.size();
    return done;
  }

  bool may_end() const noexcept override { return one_ended_ && (after_last_ || stream_.total_in_lo32 < magic_bytes); }

 private:
  static constexpr std::size_t most_at_once = std::size_t{1} << 30U;
  static constexpr unsigned magic_bytes = 4;  // "BZh" and a digit

  void begin() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc{};
  }

  bz_stream stream_{};
  bool one_ended_ = false;
  bool after_last_ = false;
};

MRCZ_INLINE std::unique_ptr<stream_decoder> make_bzip2_decoder() { return std::make_unique<bzip2_decoder>(); }
#endif

}  // namespace mrcz::detail
