/// Compressing and decompressing one chunk with c-blosc. The only header that includes <blosc.h>, and only its
/// context functions are called: no global state, any number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <blosc.h>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz {

namespace detail {
/// The name as c-blosc wants it; the views of `name_of` are of literals.
inline const char* c_string(codec c) noexcept {
  return name_of(c).data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
}
}  // namespace detail

/// Whether the c-blosc in use was built with this codec (snappy often is not).
inline bool available(codec c) noexcept {
  return c == codec::none || (!name_of(c).empty() && blosc_compname_to_compcode(detail::c_string(c)) >= 0);
}

/// Throws `errc::codec_unavailable` if `available(c)` is false.
inline void require_available(codec c) {
  if (!available(c))
    fail(errc::codec_unavailable, "this c-blosc ({}) was built without {}; it has {}", BLOSC_VERSION_STRING, name_of(c),
         blosc_list_compressors());
}

/// The block size used where the caller states none, in bytes. Chosen from the table that `./run bench block_sizes`
/// prints: for each codec and size of elements the fastest of 64 KiB to 1 MiB that is never larger, on any of the
/// benchmark's movies, than what 64 KiB gives, which is python-mrcz's choice. Small elements compress better in larger
/// blocks. zstd alone keeps gaining (up to 6 % with 512 KiB), as c-blosc never splits its blocks; zlib loses up to 20 %
/// beyond 128 KiB, where c-blosc begins to split. 512 KiB and their shuffled copy still fit a core's cache.
constexpr std::size_t default_block_size(codec c, std::size_t typesize) noexcept {
  constexpr std::size_t kib = 1024;
  switch (c) {
    case codec::zstd: return 512 * kib;
    case codec::lz4hc: return 256 * kib;
    case codec::lz4: return typesize <= 2 ? 256 * kib : 64 * kib;
    case codec::blosclz:
    case codec::snappy:
    case codec::zlib: return typesize == 1 ? 256 * kib : 64 * kib;
    case codec::none: break;
  }
  return 0;
}

/// Compresses `from` into `into` (grown as needed) and returns the chunk. `typesize` is 1 to 255 bytes.
/// Incompressible data are stored, at 16 bytes more than they had. Throws `errc::too_large` beyond 2 GiB.
/// `threads` splits this one chunk over threads that c-blosc starts for it, which then place its blocks in the order in
/// which they are done; several chunks at once, one thread each, are faster.
inline std::span<const std::byte> compress(std::span<const std::byte> from, std::size_t typesize,
                                           const compression& wanted, buffer& into, std::size_t threads = 1) {
  if (from.size() > chunk_header::max_bytes)
    fail(errc::too_large,
         "a slice of {} bytes does not fit a blosc chunk, which holds at most {}; write it with codec none",
         from.size(), chunk_header::max_bytes);
  check(wanted);
  if (typesize == 0 || typesize > BLOSC_MAX_TYPESIZE)
    fail_expected(errc::bad_option, text("typesize is {}", typesize), text("1 to {}", BLOSC_MAX_TYPESIZE));
  const codec c = wanted.codec.value_or(codec::zstd);
  if (c == codec::none) fail(errc::bad_option, "codec none makes no chunks");
  const std::size_t block_size = wanted.block_size.value_or(default_block_size(c, typesize));
  const auto packed = into.acquire(from.size() + BLOSC_MAX_OVERHEAD);
  const auto compress_on = [&](std::size_t count) {
    return blosc_compress_ctx(wanted.level, static_cast<int>(wanted.shuffle), typesize, from.size(), from.data(),
                              packed.data(), packed.size(), detail::c_string(c), block_size, static_cast<int>(count));
  };
  int result = compress_on(std::clamp<std::size_t>(threads, 1, BLOSC_MAX_THREADS));
  if (result <= 0 && threads > 1) result = compress_on(1);  // the system may have had no thread to spare
  if (result <= 0) {
    require_available(c);
    fail(errc::bad_chunk, "c-blosc could not compress {} bytes with {} (code {})", from.size(), name_of(c), result);
  }
  return packed.first(static_cast<std::size_t>(result));
}

/// Decompresses a whole chunk into `into`, which has exactly the chunk's uncompressed size. Throws
/// `errc::bad_chunk` for damage and `errc::codec_unavailable`; `into` is then undefined.
inline void decompress(std::span<const std::byte> chunk, std::span<std::byte> into) {
  if (chunk.size() < chunk_header::size)
    fail_expected(errc::bad_chunk, text("chunk has {} bytes", chunk.size()), text("at least {}", chunk_header::size));
  const auto header = chunk_header::decode(chunk.first<chunk_header::size>());
  check(header, chunk.size(), into.size());
  if (into.empty()) return;
  if (header.format() == 0 && !header.stored() && chunk.size() >= detail::blosclz_wrap &&
      detail::may_wrap_blosclz(chunk))
    fail(errc::bad_chunk, "chunk announces a run longer than a chunk can be");
  require_available(*header.codec());
  const int result = blosc_decompress_ctx(chunk.data(), into.data(), into.size(), 1);
  if (result < 0 || static_cast<std::size_t>(result) != into.size())
    fail(errc::bad_chunk, "chunk does not decompress to {} bytes (c-blosc code {})", into.size(), result);
}

}  // namespace mrcz
