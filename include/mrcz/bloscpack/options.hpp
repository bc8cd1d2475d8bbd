/// The options of packing and unpacking, and which values of them are legal.
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

/// The defaults are bloscpack's.
struct pack_options {
  mrcz::codec codec = mrcz::codec::blosclz;
  int level = 7;  ///< 0 (store) to 9
  mrcz::shuffle shuffle = mrcz::shuffle::byte;
  std::size_t typesize = 8;                        ///< bytes per element for the shuffle, 1 to 255
  std::size_t chunk_size = std::size_t{1} << 20U;  ///< bytes, 1 to `max_chunk_size`
  bloscpack::checksum checksum = bloscpack::checksum::adler32;
  bool offsets = true;  ///< false: opening reads the header of each chunk, and no space is reserved for more offsets
  std::optional<std::uint64_t> max_app_chunks = std::nullopt;  ///< not stated: 10 times the chunks of the data
  metadata_options metadata{};
  mrcz::durability durability = mrcz::durability::data;  ///< what survives a power failure
  bool replace = true;                                   ///< false refuses an existing file
  std::optional<std::size_t> threads = std::nullopt;     ///< not stated: one per processor
  const std::stop_token* stop = nullptr;                 ///< checked before each chunk; throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;        ///< grows by the uncompressed bytes that are done
};
static_assert(std::is_trivially_destructible_v<pack_options>, "options are used inside co_await (g++ 12)");

struct unpack_options {
  mrcz::durability durability = mrcz::durability::data;  ///< what survives a power failure
  bool replace = true;                                   ///< false refuses an existing file
  std::optional<std::size_t> threads = std::nullopt;     ///< not stated: one per processor
  const std::stop_token* stop = nullptr;                 ///< checked before each chunk; throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;        ///< grows by the uncompressed bytes that are done
};
static_assert(std::is_trivially_destructible_v<unpack_options>, "options are used inside co_await (g++ 12)");

/// How appended chunks are compressed, and the last chunk if it is packed again. This may differ from the other chunks.
/// The checksum is that of the file.
struct append_options {
  mrcz::codec codec = mrcz::codec::blosclz;
  int level = 7;  ///< 0 (store) to 9
  mrcz::shuffle shuffle = mrcz::shuffle::byte;
  std::size_t typesize = 8;                              ///< bytes per element for the shuffle, 1 to 255
  mrcz::durability durability = mrcz::durability::data;  ///< what survives a power failure
  std::optional<std::size_t> threads = std::nullopt;     ///< not stated: one per processor
  const std::stop_token* stop = nullptr;                 ///< checked before each chunk; throws `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;        ///< grows by the uncompressed bytes that are done
};
static_assert(std::is_trivially_destructible_v<append_options>, "options are used inside co_await (g++ 12)");

namespace detail {

template <class Options>
chunk_options chunk_options_of(const Options& from) noexcept {
  return {.codec = from.codec, .level = from.level, .shuffle = from.shuffle, .typesize = from.typesize};
}

MRCZ_INLINE void check_running(mrcz::durability durability, std::optional<std::size_t> threads);

/// Throw `errc::bad_option` for an illegal value, and `errc::codec_unavailable` for a codec that c-blosc lacks or a
/// checksum that OpenSSL refuses.
MRCZ_INLINE void check(const pack_options& wanted);

MRCZ_INLINE void check(const unpack_options& wanted);

MRCZ_INLINE void check(const append_options& wanted);

}  // namespace detail

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/options.ipp"
#endif
