/// Reading bloscpack files at any place: only the chunks that are needed are read, verified and decompressed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk_cache.hpp"
#include "mrcz/bloscpack/chunk_table.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

struct read_options {
  std::optional<std::size_t> threads = std::nullopt;  ///< not stated: one per processor
  std::size_t cache_bytes = std::size_t{32} << 20U;   ///< of chunks that were read in part; the last one always stays
  const std::stop_token* stop = nullptr;  ///< asked by `unpack` and `verify` before each chunk: `errc::stopped`
  std::atomic<std::uint64_t>* progress = nullptr;  ///< grows by the uncompressed bytes that `unpack` and `verify` did
};
static_assert(std::is_trivially_destructible_v<read_options>, "options are used inside co_await (g++ 12)");

/// Something wrong that `reader::verify` found.
struct damage {
  std::optional<std::uint64_t> chunk;  ///< not stated: in the metadata or the spare offsets
  std::string message;
};

/// An open bloscpack file, and a source of the bytes that it holds: whatever reads a `byte_source` reads them without
/// unpacking the file. Const and thread-safe.
///
/// Opening reads the headers and 8 bytes per chunk (16 where there are no offsets). Throws `errc::not_bloscpack`,
/// `errc::bad_header`, `errc::bad_metadata`, `errc::bad_chunk` or `errc::truncated`; messages name file, chunk and
/// byte.
class reader final : public byte_source {
 public:
  explicit reader(const std::filesystem::path& path, read_options options = {});

  explicit reader(std::shared_ptr<const byte_source> source, read_options options = {});

  const bloscpack::header& header() const noexcept { return beginning_.header; }
  const bloscpack::beginning& beginning() const noexcept { return beginning_; }
  const chunk_table& chunks() const noexcept { return chunks_; }
  /// Counted, where the header does not say.
  std::uint64_t nchunks() const noexcept { return chunks_.count(); }
  /// The file itself.
  const byte_source& source() const noexcept { return *source_; }
  std::string name() const override { return source_->name(); }

  /// Uncompressed bytes.
  std::uint64_t size() const override { return chunks_.plain_size(); }

  /// Read and parsed each time it is called; null if there are none. Throws `errc::bad_metadata`.
  bloscpack::metadata metadata() const;

  /// The 16 bytes in front of a chunk.
  mrcz::chunk_header chunk_header(std::uint64_t chunk) const;

  /// Uncompressed bytes [offset, offset + into.size()). Throws `errc::bad_chunk` for damage; `into` is then undefined.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;

  /// Writes everything that the file holds, in order and in parallel, also where the offsets are wrong but the chunks
  /// follow each other. Throws as `read_at`; what comes before the first damage has then been written.
  void unpack(sequential_sink& to) const;

  /// The same into a file, where no chunk waits for the one before it. Throws as `read_at`; what has then been written
  /// must not be published.
  void unpack(atomic_file& to) const;

  /// Checks metadata, offsets and every chunk without writing anything. Returns what is wrong, at most `limit` things;
  /// nothing is thrown for damage.
  std::vector<damage> verify(std::size_t limit = 1000) const;

  /// Throws `errc::bad_chunk` if a chunk cannot hold as much as the header says: before memory is taken for all of it.
  void require_plausible() const;

  /// Chunk and digest as they stand in the file. Only the header of the chunk has been checked. `memory` holds them,
  /// unless the whole file is in memory.
  std::span<const std::byte> read_packed(std::uint64_t chunk, buffer& memory) const;

  /// Chunk `chunk` into `into`, which has its size. `packed` is memory to work with.
  void read_chunk(std::uint64_t chunk, std::span<std::byte> into, buffer& packed) const;

 private:
  struct nothing {};
  struct unpacked {
    buffer plain;
    std::size_t size;
  };

  reader(std::shared_ptr<const byte_source> source, read_options options, bool believe_offsets);

  /// A reader that found the chunks one behind the other, if that is not how the believed offsets have them.
  std::unique_ptr<const reader> without_wrong_offsets() const;
  static read_options checked(read_options options);

  /// What `action(place)` returns; an error names the chunk.
  template <class Action>
  std::invoke_result_t<Action&, const chunk_place&> in_chunk(std::uint64_t chunk, Action&& action) const;

  /// Throws unless the chunk ends where the next one begins or, the last one, in the file.
  mrcz::chunk_header checked_header(const chunk_place& place, std::uint64_t chunk) const;
  std::span<const std::byte> load(const chunk_place& place, std::uint64_t chunk, buffer& memory) const;
  void unpack_into(std::span<const std::byte> packed, std::span<std::byte> into) const;
  buffer unpack_whole(std::uint64_t chunk) const;

  /// `make(chunk)` in parallel, `take` in order.
  template <class Result>
  void for_each_chunk(function_ref<Result(std::uint64_t chunk)> make, function_ref<void(Result&&)> take) const;

  /// Bytes of a chunk from `first` on. A chunk of which only a part is wanted is kept for the next call.
  void read_part(std::uint64_t chunk, std::size_t first, std::span<std::byte> into) const;

  /// Offsets that were believed must agree with the chunk before: it ends where this one begins.
  void require_neighbour(std::uint64_t chunk) const;

  std::shared_ptr<const byte_source> source_;
  read_options options_;
  bloscpack::beginning beginning_;
  chunk_table chunks_;
  mutable buffer_pool pool_;
  mutable chunk_cache cache_;
};

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/reader.ipp"
#endif
