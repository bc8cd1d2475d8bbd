/// The options of all calls of the wing, and which of them a call takes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <type_traits>

#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/codec/codec.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/atomic_file.hpp"

namespace mrcz::bloscpack {

/// Each call takes some of these options. It refuses an option that is stated and that it does not take
/// (`errc::bad_option`). The defaults of packing are bloscpack's.
struct options {
  // How chunks are compressed. When data are appended, the options that are not stated are those of the file.
  std::optional<mrcz::codec> codec = std::nullopt;      ///< not stated: blosclz
  std::optional<int> level = std::nullopt;              ///< 0 (store) to 9; not stated: 7
  std::optional<mrcz::shuffle> shuffle = std::nullopt;  ///< not stated: byte
  std::optional<std::size_t> typesize =
      std::nullopt;  ///< bytes per element for the shuffle, 1 to 255; not stated: 8, in an array the size of an element

  // What a new file is like
  std::optional<std::size_t> chunk_size = std::nullopt;        ///< bytes, 1 to `max_chunk_size`; not stated: 1 MiB
  std::optional<bloscpack::checksum> checksum = std::nullopt;  ///< of each chunk; not stated: adler32
  std::optional<bool> offsets =
      std::nullopt;  ///< whether the places of the chunks are stored, so that opening need not read the header of each
                     ///< chunk, and with room for more chunks; not stated: true, in a stream false
  std::optional<std::uint64_t> max_app_chunks = std::nullopt;  ///< not stated: 10 times the chunks of the data
  metadata_options metadata{};                                 ///< how metadata are stored

  // How a file is published
  std::optional<mrcz::durability> durability = std::nullopt;  ///< what survives a power failure; not stated: data
  std::optional<bool> replace = std::nullopt;                 ///< false refuses an existing file; not stated: true

  // How the work is done
  std::optional<std::size_t> threads = std::nullopt;      ///< not stated: one per processor
  std::optional<std::size_t> cache_bytes = std::nullopt;  ///< of a reader, for chunks that were read in part; the last
                                                          ///< one always stays; not stated: 32 MiB
  std::optional<std::size_t> memory =
      std::nullopt;  ///< bytes for the chunks that a call works on; one chunk, plain and packed, is always possible.
                     ///< Where fewer chunks than threads fit, several threads share a chunk. Not stated: 1 GiB
  const std::stop_token* stop = nullptr;  ///< checked between chunks, and within those of more than 8 MiB after a few
                                          ///< blocks; throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;  ///< grows by the uncompressed bytes that are done
};
static_assert(std::is_trivially_destructible_v<options>, "options are used inside co_await (g++ 12)");

namespace detail {

inline constexpr std::size_t default_chunk_size = std::size_t{1} << 20U;
inline constexpr std::size_t default_cache_bytes = std::size_t{32} << 20U;
inline constexpr std::size_t default_memory = std::size_t{1} << 30U;
/// A call takes so much more than the chunks and the budget, for the threads that work on them.
inline constexpr std::size_t additional_memory = std::size_t{64} << 20U;
inline constexpr std::size_t thread_memory = std::size_t{20} << 20U;  ///< the most that was measured: zstd at level 9

/// The options that a call takes besides those about how the work is done.
struct taken {
  bool compression = false;
  bool layout = false;   ///< chunk size, checksum, metadata
  bool offsets = false;  ///< offsets and the room for more of them
  bool durability = false;
  bool replace = false;
  bool cache = false;
};

inline constexpr taken by_pack_file{
    .compression = true, .layout = true, .offsets = true, .durability = true, .replace = true};
inline constexpr taken by_pack{.compression = true, .layout = true, .offsets = true};
inline constexpr taken by_pack_stream{.compression = true, .layout = true};
inline constexpr taken by_append_file{.compression = true, .durability = true};
inline constexpr taken by_append{.compression = true};
inline constexpr taken by_unpack_file{.durability = true, .replace = true};
inline constexpr taken by_unpack_stream{};
inline constexpr taken by_reader{.cache = true};

/// Throws `errc::bad_option` for an illegal value and for an option that the call does not take, and
/// `errc::codec_unavailable` for a codec that c-blosc lacks or a checksum that OpenSSL refuses.
MRCZ_INLINE void check(const options& wanted, const taken& by);

/// How chunks are compressed: as stated, else as in `otherwise`.
MRCZ_INLINE chunk_options chunk_options_of(const options& from, chunk_options otherwise = {}) noexcept;

/// Only the options about how the work is done.
MRCZ_INLINE options work_of(const options& from) noexcept;

/// How many chunks of at most `bytes_each` bytes, plain and packed together, are worked on at the same time.
struct shared_work {
  std::size_t threads = 1;       ///< that work on different chunks
  std::size_t threads_each = 1;  ///< that share one chunk
  std::size_t chunks = 1;        ///< in memory
};

MRCZ_INLINE shared_work share(const options& how, std::uint64_t count, std::uint64_t bytes_each) noexcept;

}  // namespace detail

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/options.ipp"
#endif
