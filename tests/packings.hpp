/// Packs bytes as the programs gzip, zstd, bzip2 and xz do, with their libraries and without our code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include <zlib.h>

#ifndef MRCZ_ONLY_BLOSC
#include <zstd.h>
#endif
#ifdef MRCZ_BZIP2
#include <bzlib.h>
#endif
#ifdef MRCZ_XZ
#include <lzma.h>
#endif

#include "mrcz/codec/packing.hpp"

namespace test {

/// The packings that this program can read.
inline std::vector<mrcz::packing> packings() {
  std::vector<mrcz::packing> all{mrcz::packing::gzip};
#ifndef MRCZ_ONLY_BLOSC
  all.push_back(mrcz::packing::zstd);
#endif
#ifdef MRCZ_BZIP2
  all.push_back(mrcz::packing::bzip2);
#endif
#ifdef MRCZ_XZ
  all.push_back(mrcz::packing::xz);
#endif
  return all;
}

inline std::vector<std::byte> packed_by(mrcz::packing how, std::span<const std::byte> plain) {
  std::vector<std::byte> packed(plain.size() + plain.size() / 10 + 1000);
  const auto finish = [&](std::size_t size, bool good) {
    if (!good) throw std::runtime_error{"a library could not pack"};
    packed.resize(size);
    return packed;
  };
  if (how == mrcz::packing::gzip) {
    z_stream stream{};
    ::deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(plain.data()));
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int result = ::deflate(&stream, Z_FINISH);
    const std::size_t size = stream.total_out;
    ::deflateEnd(&stream);
    return finish(size, result == Z_STREAM_END);
  }
#ifndef MRCZ_ONLY_BLOSC
  if (how == mrcz::packing::zstd) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    const std::size_t size = ZSTD_compress2(context, packed.data(), packed.size(), plain.data(), plain.size());
    ZSTD_freeCCtx(context);
    return finish(size, ZSTD_isError(size) == 0);
  }
#endif
#ifdef MRCZ_BZIP2
  if (how == mrcz::packing::bzip2) {
    auto size = static_cast<unsigned>(packed.size());
    char nothing = 0;  // libbz2 refuses null even if there is nothing to pack
    char* const from = plain.empty() ? &nothing : const_cast<char*>(reinterpret_cast<const char*>(plain.data()));
    const int result = BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(packed.data()), &size, from,
                                                static_cast<unsigned>(plain.size()), 9, 0, 0);
    return finish(size, result == BZ_OK);
  }
#endif
#ifdef MRCZ_XZ
  if (how == mrcz::packing::xz) {
    std::size_t size = 0;
    const lzma_ret result =
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(plain.data()),
                                plain.size(), reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
    return finish(size, result == LZMA_OK);
  }
#endif
  throw std::runtime_error{"this program cannot pack so"};
}

/// All that a decoder makes of `packed`, which it is given in pieces of `in` bytes; it has room for `out` bytes.
/// Nothing if there is damage, or if the end is not one.
inline std::vector<std::byte> decoded(mrcz::detail::stream_decoder& decoder, std::span<const std::byte> packed,
                                      std::size_t in = SIZE_MAX, std::size_t out = 100'000) {
  std::vector<std::byte> content;
  std::vector<std::byte> room(out);
  for (;;) {
    const auto piece = decoder.decode(packed.first(std::min(in, packed.size())), room);
    if (piece.damage != nullptr) return {};
    content.insert(content.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(piece.made));
    packed = packed.subspan(piece.taken);
    if (packed.empty() && piece.made == 0) return decoder.may_end() ? content : std::vector<std::byte>{};
    if (piece.taken == 0 && piece.made == 0) return {};
  }
}

}  // namespace test
