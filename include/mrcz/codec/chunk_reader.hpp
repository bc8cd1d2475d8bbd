/// Decompresses a chunk block by block: only the blocks that hold the wanted bytes are read and decompressed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/codec/shuffle_loops.hpp"
#include "mrcz/codec/zstd.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail::inline MRCZ_CODECS {

/// Memory of one thread that decompresses one chunk after the other.
struct unpack_memory {
  buffer packed;  // packed bytes of some blocks
  buffer plain;   // the same blocks decompressed, or one block that is still shuffled
  buffer part;    // plain bytes that do not follow each other in `plain`
  zstd_decoder zstd;
  instructions unshuffle_with = fastest_for_unshuffle();
};

/// About so many plain bytes are read at once. They stay in a core's cache.
inline constexpr std::size_t group_bytes = std::size_t{1} << 20U;

/// Where the packed bytes of one block lie in its chunk.
struct block_place {
  std::uint32_t begin;
  std::uint32_t end;
};

/// The places of all blocks, from the list of their begins, which follows the chunk header. A block ends where the next
/// block in the chunk begins. That block need not have the next number, because the threads of c-blosc write blocks in
/// the order in which they finish them.
MRCZ_INLINE std::vector<block_place> block_places(std::span<const std::byte> begins, std::uint32_t packed_bytes);

/// The bytes of a chunk, in memory or read when they are needed. Refers to the memory or to the function.
class chunk_source {
 public:
  /// Reads bytes of a chunk: `into.size()` of them, from byte `offset` of the chunk on.
  using read_function = function_ref<void(std::uint64_t offset, std::span<std::byte> into)>;

  chunk_source(std::span<const std::byte> chunk) noexcept  // NOLINT(google-explicit-constructor)
      : in_memory_{chunk} {}
  explicit chunk_source(read_function read) noexcept : read_{read} {}

  /// Copies bytes of the chunk.
  MRCZ_INLINE void read(std::uint64_t offset, std::span<std::byte> into) const;

  /// Bytes of the chunk: in memory, or in `space` until it is used again.
  MRCZ_INLINE std::span<const std::byte> bytes(std::uint64_t offset, std::size_t count, buffer& space) const;

 private:
  std::span<const std::byte> in_memory_;
  std::optional<read_function> read_;
};

/// The plain bytes, or the blocks, of a chunk from `begin` to `end` - 1.
struct interval {
  std::size_t begin;
  std::size_t end;
};

/// Whether this library decompresses the chunk itself; c-blosc decompresses the others. The library does so for lz4,
/// lz4hc and zstd with elements of 1, 2, 3, 4 or 8 bytes, where `has(instructions::avx2)`. It is faster than c-blosc
/// there: it keeps the memory of the codecs, and its loops undo the shuffle directly into the destination. With other
/// element sizes it was measured to be as fast or slower.
MRCZ_INLINE bool has_own_decoder(const chunk_header& header) noexcept;

/// Reads one chunk in any order; from front to back is fastest. Refers to the arguments of its constructor.
class chunk_reader {
 public:
  /// Reads the header and the list of blocks of a chunk of `packed_bytes` bytes that holds `expected` bytes. Later
  /// calls ask only for bytes in `wanted`, so no other blocks are read. Throws `errc::bad_chunk` if the header or the
  /// list are wrong.
  MRCZ_INLINE chunk_reader(chunk_source packed, std::uint64_t packed_bytes, std::size_t expected, interval wanted,
                           unpack_memory& memory);

  /// Writes plain bytes of the chunk, from `first` on, to `into`. Throws `errc::bad_chunk` or what the source throws.
  MRCZ_INLINE void read(std::size_t first, std::span<std::byte> into);

  /// Plain bytes of the chunk, until the next call. A caller who converts them asks for few at a time, so that they are
  /// still in the nearest cache.
  MRCZ_INLINE std::span<const std::byte> bytes(std::size_t first, std::size_t count);

 private:
  MRCZ_INLINE void open(std::size_t first);
  MRCZ_INLINE std::size_t read_directly(std::size_t first, std::span<std::byte> into);
  bool is_open(std::size_t byte) const noexcept { return byte >= open_.begin && byte < open_.end; }

  MRCZ_INLINE interval next_at(std::size_t first) const noexcept;
  MRCZ_INLINE std::size_t end_of_reading(std::size_t first) const noexcept;

  MRCZ_INLINE interval group_at(std::size_t first) const noexcept;
  MRCZ_INLINE void decompress_group(const interval& group, std::span<std::byte> into);
  MRCZ_INLINE std::span<const std::byte> assemble(std::span<const block_place> places, std::size_t plain_bytes);

  MRCZ_INLINE interval block_at(std::size_t first) const noexcept;
  MRCZ_INLINE void decompress_block(std::size_t number, std::span<std::byte> into);
  MRCZ_INLINE std::span<const std::byte> packed_block(std::size_t number);

  chunk_source packed_;
  interval wanted_;
  unpack_memory& memory_;
  std::array<std::byte, chunk_header::size> first_bytes_{};
  chunk_header header_{};
  std::vector<block_place> places_;
  bool own_decoder_ = false;
  interval open_{0, 0};    // the plain bytes that `block_` holds
  shuffled_block block_;   // in memory_.plain
  interval loaded_{0, 0};  // numbers of the blocks whose packed bytes are at hand
  std::span<const std::byte> loaded_bytes_;
};

/// Decompresses a whole chunk into `into`, which has exactly the chunk's uncompressed size. Throws `errc::bad_chunk`
/// for a damaged chunk, or `errc::codec_unavailable`; the content of `into` is then undefined.
MRCZ_INLINE void decompress(std::span<const std::byte> chunk, std::span<std::byte> into, unpack_memory& memory);

}  // namespace mrcz::detail::inline MRCZ_CODECS

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/chunk_reader.ipp"
#endif
