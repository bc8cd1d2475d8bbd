/// Compressing and decompressing with c-blosc: the only file that includes <blosc.h>.
#pragma once

#include "mrcz/codec/blosc.hpp"

#include <blosc.h>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

namespace detail {

/// The name for c-blosc, which needs a NUL at the end: `name_of` returns views of literals.
MRCZ_INLINE const char* c_string(codec c) noexcept {
  return name_of(c).data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
}

}  // namespace detail

MRCZ_INLINE bool available(codec c) noexcept {
  return c == codec::none || (!name_of(c).empty() && blosc_compname_to_compcode(detail::c_string(c)) >= 0);
}

MRCZ_INLINE std::string_view blosc_version() noexcept { return blosc_get_version_string(); }

namespace detail {

MRCZ_INLINE void require_available(codec c) {
  if (!available(c))
    fail(errc::codec_unavailable, "this c-blosc ({}) was built without {}; it has {}", BLOSC_VERSION_STRING, name_of(c),
         blosc_list_compressors());
}

/// Compresses into `into`, as far as it has room.
MRCZ_INLINE std::span<const std::byte> compress_with_blosc(std::span<const std::byte> from, std::size_t typesize,
                                                           const compression& wanted, std::span<std::byte> into) {
  const codec c = wanted.codec.value_or(codec::zstd);
  const std::size_t block_size = wanted.block_size.value_or(default_block_size(c, typesize));
  const int result = blosc_compress_ctx(wanted.level, static_cast<int>(wanted.shuffle), typesize, from.size(),
                                        from.data(), into.data(), into.size(), c_string(c), block_size, 1);
  if (result <= 0) {
    require_available(c);
    fail(errc::bad_chunk, "c-blosc could not compress {} bytes with {} (code {})", from.size(), name_of(c), result);
  }
  return into.first(static_cast<std::size_t>(result));
}

MRCZ_INLINE std::span<const std::byte> compress(std::span<const std::byte> from, std::size_t typesize,
                                                const compression& wanted, buffer& into) {
  require_fits_chunk(from.size());
  check(wanted);
  if (typesize == 0 || typesize > BLOSC_MAX_TYPESIZE)
    fail_expected(errc::bad_option, text("typesize is {}", typesize), text("1 to {}", BLOSC_MAX_TYPESIZE));
  if (wanted.codec == codec::none) fail(errc::bad_option, "codec none makes no chunks");
  return compress_with_blosc(from, typesize, wanted, into.acquire(from.size() + BLOSC_MAX_OVERHEAD));
}

MRCZ_INLINE std::span<const std::byte> compress_blocks(std::span<const std::byte> from, std::size_t typesize,
                                                       const compression& wanted, std::span<std::byte> into) {
  return compress_with_blosc(from, typesize, wanted, into);
}

MRCZ_INLINE void decompress_with_blosc(std::span<const std::byte> chunk, std::span<std::byte> into) {
  if (chunk.size() < chunk_header::size)
    fail_expected(errc::bad_chunk, text("chunk has {} bytes", chunk.size()), text("at least {}", chunk_header::size));
  const auto header = chunk_header::decode(chunk.first<chunk_header::size>());
  check(header, chunk.size(), into.size());
  if (into.empty()) return;
  if (header.format() == 0 && !header.stored() && chunk.size() >= blosclz_wrap && may_wrap_blosclz(chunk))
    fail(errc::bad_chunk, "chunk announces a run longer than a chunk can be");
  require_available(*header.codec());
  const int result = blosc_decompress_ctx(chunk.data(), into.data(), into.size(), 1);
  if (result < 0 || static_cast<std::size_t>(result) != into.size())
    fail(errc::bad_chunk, "chunk does not decompress to {} bytes (c-blosc code {})", into.size(), result);
}

}  // namespace detail

}  // namespace mrcz
