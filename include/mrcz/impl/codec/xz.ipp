/// Definitions of `codec/xz.hpp`.
#pragma once

#include "mrcz/codec/xz.hpp"

#ifdef MRCZ_XZ
#include <lzma.h>

#include <new>
#endif

namespace mrcz::detail {

#ifndef MRCZ_XZ
MRCZ_INLINE std::unique_ptr<stream_decoder> make_xz_decoder() { return nullptr; }
#else
class xz_decoder final : public stream_decoder {
 public:
  xz_decoder() { begin(); }
  ~xz_decoder() override { lzma_end(&stream_); }

  decoded_piece decode(std::span<const std::byte> from, std::span<std::byte> into) override {
    decoded_piece done;
    for (;;) {
      if (between_) {
        while (done.taken < from.size() && from[done.taken] == std::byte{0}) ++done.taken, ++padding_;
        if (done.taken == from.size()) return done;
        if (padding_ % 4 != 0) {
          done.damage = "the zeros between two streams are no multiple of four";
          return done;
        }
        between_ = false;
        begin();
      }
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(from.data() + done.taken);
      stream_.avail_in = from.size() - done.taken;
      stream_.next_out = reinterpret_cast<std::uint8_t*>(into.data() + done.made);
      stream_.avail_out = into.size() - done.made;
      const lzma_ret result = lzma_code(&stream_, LZMA_RUN);
      done.taken = from.size() - stream_.avail_in;
      done.made = into.size() - stream_.avail_out;
      if (result == LZMA_STREAM_END) {
        between_ = true;
        padding_ = 0;
      } else if (result == LZMA_MEM_ERROR) {
        throw std::bad_alloc{};
      } else if (result != LZMA_OK && result != LZMA_BUF_ERROR) {
        done.damage = result == LZMA_FORMAT_ERROR     ? "no stream of xz begins there"
                      : result == LZMA_MEMLIMIT_ERROR ? "it needs more than 256 MiB of memory"
                      : result == LZMA_OPTIONS_ERROR  ? "its filters are unknown"
                                                      : "checksums do not agree";
        return done;
      } else if (result == LZMA_BUF_ERROR || done.taken == from.size() || done.made == into.size()) {
        return done;
      }
    }
  }

  bool may_end() const noexcept override { return between_ && padding_ % 4 == 0; }

 private:
  void begin() {
    constexpr std::uint64_t most_memory = std::uint64_t{256} << 20U;
    if (lzma_stream_decoder(&stream_, most_memory, 0) != LZMA_OK) throw std::bad_alloc{};
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool between_ = false;     // after a stream, where zeros and another stream may follow
  std::size_t padding_ = 0;  // zeros since the last stream
};

MRCZ_INLINE std::unique_ptr<stream_decoder> make_xz_decoder() { return std::make_unique<xz_decoder>(); }
#endif

}  // namespace mrcz::detail
