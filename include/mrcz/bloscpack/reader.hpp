/// Reading bloscpack files at any place: only the chunks that are needed are read, verified and decompressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk_cache.hpp"
#include "mrcz/bloscpack/chunk_table.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/packed.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// A defect that `reader::verify` found.
struct damage {
  std::optional<std::uint64_t> chunk;  ///< not stated: in the metadata or in an offset without a chunk
  std::string message;                 ///< what is wrong, and where
};

/// An open bloscpack file. It is also a `byte_source` of its uncompressed bytes, so functions that read a `byte_source`
/// need not unpack the whole file first. Where this header is included, `mrcz::reader{"movie.mrc.blp"}` opens the MRC
/// file inside, too. Const and thread-safe.
///
/// Opening reads the headers and 8 bytes per chunk (16 without offsets). Throws `errc::not_bloscpack`,
/// `errc::bad_header`, `errc::bad_metadata`, `errc::bad_chunk` or `errc::truncated`; messages name file, chunk and
/// byte.
class reader final : public byte_source {
 public:
  /// If a change of the file in place was interrupted or runs now, the file is read as it was before.
  explicit reader(const std::filesystem::path& path, bloscpack::options options = {});

  /// Reads from any source.
  explicit reader(std::shared_ptr<const byte_source> source, bloscpack::options options = {});

  /// The first 32 bytes.
  const bloscpack::header& header() const noexcept { return beginning_.header; }
  /// Everything before the offsets.
  const bloscpack::beginning& beginning() const noexcept { return beginning_; }
  /// Where the chunks are.
  const detail::chunk_table& chunks() const noexcept { return chunks_; }
  /// The number of chunks. Counted if the header does not state it.
  std::uint64_t nchunks() const noexcept { return chunks_.count(); }
  /// Whether the file shows that nothing is missing. Otherwise it is a stream that ends with a whole chunk. The format
  /// allows this, but the stream may have been cut off between two chunks.
  bool is_certainly_whole() const noexcept { return chunks_.is_certainly_whole(); }
  /// The packed file.
  const byte_source& source() const noexcept { return *source_; }
  std::string name() const override { return source_->name(); }

  /// Uncompressed bytes.
  std::uint64_t size() const override { return chunks_.plain_size(); }

  /// Reads and parses the metadata on each call. Null if there are none. Throws `errc::bad_metadata`.
  bloscpack::metadata metadata() const;

  /// The first 16 bytes of a chunk.
  mrcz::detail::chunk_header chunk_header(std::uint64_t chunk) const;

  /// Uncompressed bytes [offset, offset + into.size()). Throws `errc::bad_chunk` for damage; the content of `into` is
  /// then undefined.
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;

  /// Unpacks the whole file in parallel and writes it in order. Wrong offsets do not matter if the chunks follow each
  /// other without gaps. Throws as `read_at` does; the bytes before the first damage have then been written.
  void unpack(sequential_sink& to) const;

  /// Unpacks the whole file in parallel into another file, in any order: no chunk waits for the one before it. Throws
  /// as `read_at` does; the caller must not publish `to` then.
  void unpack(atomic_file& to) const;

  /// Checks metadata, offsets and every chunk without writing anything. Returns at most `limit` defects. Damage does
  /// not throw.
  std::vector<damage> verify(std::size_t limit = 1000) const;

  /// Checks the header of each chunk. Throws `errc::bad_chunk` if a chunk cannot hold as much as the header of the file
  /// says. Call it before memory is allocated for all chunks.
  void require_plausible() const;

  /// A chunk and its digest as stored in the file. Only the header of the chunk is checked. The bytes are in `memory`,
  /// unless the whole file is in memory.
  std::span<const std::byte> read_packed(std::uint64_t chunk, detail::buffer& memory) const;

  /// Unpacks a chunk into `into`, which has its uncompressed size. `packed` is working memory.
  void read_chunk(std::uint64_t chunk, std::span<std::byte> into, detail::buffer& packed,
                  std::size_t threads = 1) const;

 private:
  struct nothing {};
  struct unpacked {
    detail::buffer plain;
    std::size_t size;
  };

  reader(std::shared_ptr<const byte_source> source, const bloscpack::options& options, bool believe_offsets);

  /// A reader that does not use the offsets, if the offsets are wrong but the chunks follow each other without gaps.
  /// Otherwise null.
  std::unique_ptr<const reader> without_wrong_offsets() const;

  /// Returns what `action(place)` returns. Adds the chunk to an error.
  template <class Action>
  std::invoke_result_t<Action&, const detail::chunk_place&> in_chunk(std::uint64_t chunk, Action&& action) const;

  /// The header of a chunk. Throws unless the chunk ends where the next one begins; the last one must end within the
  /// file.
  mrcz::detail::chunk_header checked_header(const detail::chunk_place& place, std::uint64_t chunk) const;
  std::span<const std::byte> load(const detail::chunk_place& place, std::uint64_t chunk, detail::buffer& memory) const;
  void unpack_into(std::span<const std::byte> packed, std::span<std::byte> into, std::size_t threads) const;
  detail::buffer unpack_whole(std::uint64_t chunk, std::size_t threads) const;
  detail::shared_work share(std::uint64_t count) const noexcept;

  /// Calls `make(chunk, threads)` in parallel, and `take` with the results in order.
  template <class Result>
  void for_each_chunk(detail::function_ref<Result(std::uint64_t chunk, std::size_t threads)> make,
                      detail::function_ref<void(Result&&)> take) const;

  /// Reads bytes of a chunk from `first` on. If these are only a part of the chunk, the cache keeps the chunk for the
  /// next call.
  void read_part(std::uint64_t chunk, std::size_t first, std::span<std::byte> into, std::size_t threads) const;

  /// If the offsets of the file are used, throws unless the chunk before `chunk` ends where `chunk` begins.
  void require_neighbour(std::uint64_t chunk) const;

  std::shared_ptr<const byte_source> source_;
  bloscpack::options options_;
  bloscpack::beginning beginning_;
  detail::chunk_table chunks_;
  mutable detail::buffer_pool pool_;
  mutable detail::chunk_cache cache_;
};

namespace detail {

/// Opens what is packed in a bloscpack file. Threads that read from it need no others to help them.
MRCZ_INLINE std::unique_ptr<const byte_source> open_content(std::shared_ptr<const byte_source> packed);

/// In each program that includes this header, `mrcz::reader` reads MRC inside bloscpack files.
inline const bool content_is_read = (opener_of_bloscpack.store(&open_content), true);

}  // namespace detail

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/reader.ipp"
#endif
