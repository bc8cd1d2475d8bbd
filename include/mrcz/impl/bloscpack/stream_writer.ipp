/// Packing a source that is read once.
#pragma once

#include "mrcz/bloscpack/stream_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/bloscpack/writer.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/memory.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Cuts data into blocks of one size.
class block_reader {
 public:
  block_reader(sequential_source& from, std::size_t size, buffer_pool& pool) : from_{from}, size_{size}, pool_{pool} {}

  struct block {
    buffer memory;
    std::size_t size = 0;

    std::span<const std::byte> plain() { return memory.acquire(size); }
  };

  /// The next block, or nothing after the last one. The last block is shorter than the others. It is empty if the data
  /// end with a whole block.
  std::optional<block> next() {
    if (ended_) return std::nullopt;
    block b{pool_.take()};
    b.size = from_.read(b.memory.acquire(size_));
    ended_ = b.size < size_;
    return b;
  }

 private:
  sequential_source& from_;
  std::size_t size_;
  buffer_pool& pool_;
  bool ended_ = false;
};

/// Packs `first` and the blocks that follow it, in parallel, and calls `take(packed_chunk)` in their order.
MRCZ_INLINE void pack_blocks(block_reader::block&& first, block_reader& blocks, buffer_pool& pool,
                             const chunk_packer& packer, const pack_options& options,
                             function_ref<void(const packed_chunk&)> take) {
  std::optional<block_reader::block> waiting{std::move(first)};
  parallel_pipeline<block_reader::block, packed_chunk>(
      thread_count(options.threads, std::numeric_limits<std::size_t>::max()),
      [&] { return waiting ? std::exchange(waiting, std::nullopt) : blocks.next(); },
      [&](block_reader::block&& b) {
        throw_if_stopped(options.stop);
        auto packed = packer.pack(b.plain());
        pool.give_back(std::move(b.memory));
        return packed;
      },
      [&](packed_chunk&& packed) {
        take(packed);
        if (options.progress != nullptr) options.progress->fetch_add(packed.plain_size());
        packer.recycle(std::move(packed));
      });
}

}  // namespace detail

MRCZ_INLINE header pack(sequential_source& from, sequential_sink& to, pack_options options, const metadata& values) {
  options.offsets = false;
  options.max_app_chunks = std::nullopt;
  detail::check(options);
  detail::buffer_pool pool;
  detail::block_reader blocks{from, options.chunk_size, pool};
  auto first = *blocks.next();
  if (first.size < options.chunk_size) return pack(memory_source{first.plain(), from.name()}, to, options, values);
  auto h = detail::header_of(options, options.chunk_size, values);
  h.last_chunk = std::nullopt;
  h.nchunks = std::nullopt;
  const detail::front front{h, values, options.metadata};
  const detail::chunk_packer packer{detail::chunk_options_of(options), options.checksum};
  to.write(encode(h));
  to.write(front.metadata);
  detail::pack_blocks(std::move(first), blocks, pool, packer, options,
                      [&](const detail::packed_chunk& packed) { detail::write_chunk(to, packed); });
  return h;
}

MRCZ_INLINE header pack_file(sequential_source& from, const std::filesystem::path& out, pack_options options,
                             const metadata& values) {
  detail::check(options);
  if (!values.is_null()) static_cast<void>(encode_metadata(values, options.metadata));
  atomic_file to{out, options.durability, options.replace};
  file spool = to.scratch();
  detail::buffer_pool pool;
  detail::block_reader blocks{from, options.chunk_size, pool};
  const detail::chunk_packer packer{detail::chunk_options_of(options), options.checksum};
  std::vector<std::uint64_t> begins;
  std::uint64_t at = 0;
  std::uint64_t size = 0;
  detail::pack_blocks(*blocks.next(), blocks, pool, packer, options, [&](const detail::packed_chunk& packed) {
    if (packed.plain_size() == 0 && !begins.empty()) return;
    spool.write_at(at, packed.bytes());
    spool.write_at(at + packed.bytes().size(), packed.digest().bytes());
    begins.push_back(at);
    at += packed.size();
    size += packed.plain_size();
  });
  const auto h = detail::header_of(options, size, values);
  const detail::front front{h, values, options.metadata};
  for (auto& begin : begins) begin += front.beginning.data_begin();
  detail::write_front(to, h, front.beginning, front.metadata, begins);
  to.copy(file_source{std::move(spool)}, 0, at, front.beginning.data_begin());
  to.publish();
  return h;
}

}  // namespace mrcz::bloscpack
