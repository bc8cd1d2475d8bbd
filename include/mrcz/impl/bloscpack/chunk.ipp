/// Packing and unpacking one chunk.
#pragma once

#include "mrcz/bloscpack/chunk.hpp"

#include <algorithm>
#include <atomic>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/codec/divided_chunk.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE compression compression_of(const chunk_options& options) noexcept {
  return {.codec = options.codec, .level = options.level, .shuffle = options.shuffle, .block_size = 0};  // as bloscpack
}

MRCZ_INLINE chunk_packer::chunk_packer(const chunk_options& options, bloscpack::checksum checksum)
    : options_{options}, checksum_{checksum} {
  check(options);
}

MRCZ_INLINE packed_chunk chunk_packer::pack(std::span<const std::byte> plain, const chunk_work& how) const {
  throw_if_stopped(how.stop);
  packed_chunk packed;
  packed.memory_ = pool_->take();
  if (plain.size() > undivided_bytes && options_.level > 0) packed.bytes_ = pack_pieces(plain, how, packed.memory_);
  if (packed.bytes_.empty())
    packed.bytes_ = compress(plain, options_.typesize, compression_of(options_), packed.memory_);
  packed.digest_ = digest_of(checksum_, packed.bytes_);
  packed.plain_size_ = plain.size();
  return packed;
}

/// Packs pieces and makes one chunk of them. Returns nothing if c-blosc packs pieces in another way than the whole.
MRCZ_INLINE std::span<const std::byte> chunk_packer::pack_pieces(std::span<const std::byte> plain,
                                                                 const chunk_work& how, buffer& into) const {
  const compression wanted = compression_of(options_);
  chunk_of_pieces made{plain, options_.typesize, wanted, blosc_block_size(plain.size(), options_.typesize, wanted)};
  const auto chunk = into.acquire(made.most_bytes());
  struct packed_piece {
    buffer memory;
    std::span<const std::byte> bytes;
  };
  buffer_pool pool;
  std::atomic<bool> enough = false;
  parallel_ordered<packed_piece>(
      made.size(), how.threads,
      [&](std::size_t i) {
        throw_if_stopped(how.stop);
        packed_piece piece{pool.take(), {}};
        if (!enough) piece.bytes = made.compress(i, piece.memory.acquire(made.room_of(i)));
        return piece;
      },
      [&](packed_piece&& piece) {
        enough = enough || !made.put(piece.bytes, chunk);
        pool.give_back(std::move(piece.memory));
      });
  return made.finish(chunk);
}

MRCZ_INLINE void chunk_packer::recycle(packed_chunk&& written) const { pool_->give_back(std::move(written.memory_)); }

MRCZ_INLINE void check(const chunk_options& wanted) {
  mrcz::detail::check(compression{.codec = wanted.codec, .level = wanted.level, .shuffle = wanted.shuffle});
  if (wanted.codec == codec::none)
    fail(errc::bad_option, "codec none makes no chunks; level 0 stores data as they are");
  if (wanted.typesize < 1 || wanted.typesize > 255)
    fail_expected(errc::bad_option, text("typesize is {}", wanted.typesize), "1 to 255");
  require_available(wanted.codec);
}

MRCZ_INLINE chunk_header decode_chunk_header(std::span<const std::byte, chunk_header::size> from,
                                             std::optional<std::uint32_t> expected, std::uint32_t largest) {
  const auto header = chunk_header::decode(from);
  if (!expected && header.bytes > largest)
    fail_expected(errc::bad_chunk, text("chunk holds {} bytes", header.bytes), text("at most {}", largest));
  mrcz::detail::check(header, header.packed_bytes, expected.value_or(header.bytes));
  if (header.packed_bytes < chunk_header::size || header.packed_bytes > header.bytes + chunk_header::size)
    fail_expected(errc::bad_chunk, text("chunk says that it has {} packed bytes", header.packed_bytes),
                  text("{} to {}", chunk_header::size, header.bytes + chunk_header::size));
  return header;
}

inline namespace MRCZ_CODECS {

/// Threads live as long as a call of the library, or longer. The next chunk of the thread uses the memory again.
MRCZ_INLINE unpack_memory& memory_of_this_thread() {
  static thread_local unpack_memory memory;
  return memory;
}

/// Decompresses some blocks after the others on each thread.
MRCZ_INLINE void unpack_pieces(std::span<const std::byte> chunk, std::span<std::byte> into, const chunk_work& how) {
  const auto header = chunk_header::decode(chunk.first<chunk_header::size>());
  check(header, chunk.size(), into.size());
  const std::size_t block = std::max<std::size_t>(header.block_size, 1);
  const std::size_t parts = how.threads > 1 ? 4 * how.threads : 1;
  const std::size_t part = std::max<std::size_t>((into.size() / parts + block - 1) / block, 1) * block;
  parallel_for((into.size() - 1) / part + 1, how.threads, [&](std::size_t i, std::size_t) {
    const std::size_t end = std::min(into.size(), (i + 1) * part);
    chunk_reader reader{chunk, chunk.size(), into.size(), {i * part, end}, memory_of_this_thread()};
    for (std::size_t at = i * part; at < end;) {
      throw_if_stopped(how.stop);
      const std::size_t size = std::min(end - at, std::max(group_bytes / block, std::size_t{1}) * block);
      reader.read(at, into.subspan(at, size));
      at += size;
    }
  });
}

}  // namespace MRCZ_CODECS

MRCZ_INLINE void unpack_chunk(std::span<const std::byte> chunk, bloscpack::checksum checksum,
                              std::span<const std::byte> stored, std::span<std::byte> into, const chunk_work& how) {
  throw_if_stopped(how.stop);
  const digest expected{stored};
  if (const auto received = digest_of(checksum, chunk); received != expected)
    fail(errc::bad_chunk, "Checksum mismatch detected in chunk, expected: '{}', received: '{}'", to_string(expected),
         to_string(received));
  if (into.size() > undivided_bytes) unpack_pieces(chunk, into, how);
  else decompress(chunk, into, memory_of_this_thread());
}

MRCZ_INLINE void read_in_pieces(const byte_source& from, std::uint64_t offset, std::span<std::byte> into,
                                const std::stop_token* stop) {
  in_pieces(into.size(), stop,
            [&](std::size_t at, std::size_t size) { from.read_at(offset + at, into.subspan(at, size)); });
}

MRCZ_INLINE void write_in_pieces(sequential_sink& to, std::span<const std::byte> from, const std::stop_token* stop) {
  in_pieces(from.size(), stop, [&](std::size_t at, std::size_t size) { to.write(from.subspan(at, size)); });
}

MRCZ_INLINE void write_in_pieces(byte_sink& to, std::uint64_t offset, std::span<const std::byte> from,
                                 const std::stop_token* stop) {
  in_pieces(from.size(), stop,
            [&](std::size_t at, std::size_t size) { to.write_at(offset + at, from.subspan(at, size)); });
}

MRCZ_INLINE void write_chunk(sequential_sink& to, const packed_chunk& packed, const std::stop_token* stop) {
  write_in_pieces(to, packed.bytes(), stop);
  to.write(packed.digest().bytes());
}

}  // namespace mrcz::bloscpack::detail
