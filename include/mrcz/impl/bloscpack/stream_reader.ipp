/// Unpacking a source that is read once.
#pragma once

#include "mrcz/bloscpack/stream_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/chunk_table.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Reads exactly `size` bytes. Memory grows with the bytes that arrive, not with the announced size. Returns false if
/// fewer bytes arrive.
MRCZ_INLINE bool read_announced(sequential_source& from, std::size_t size, buffer& memory) {
  std::size_t got = 0;
  for (std::size_t capacity = std::min(size, std::size_t{4} << 20U);; capacity = std::min(size, 2 * capacity)) {
    buffer larger = got == 0 ? std::exchange(memory, {}) : buffer{};
    const auto into = larger.acquire(capacity);
    if (got > 0) std::memcpy(into.data(), memory.acquire(got).data(), got);
    memory = std::move(larger);
    got += from.read(into.subspan(got));
    if (got < capacity) return false;
    if (got == size) return true;
  }
}

/// A bloscpack file that is read once, from its beginning to its end.
class stream_reader {
 public:
  explicit stream_reader(sequential_source& from)
      : from_{from},
        beginning_{read_beginning([&](std::span<std::byte> into) { return read(into); })},
        sizes_{beginning_.header} {
    if (beginning_.metadata) read_metadata(*beginning_.metadata);
    skip(beginning_.data_begin() - at_);
  }

  const bloscpack::beginning& beginning() const noexcept { return beginning_; }
  bloscpack::metadata& metadata() noexcept { return metadata_; }

  struct chunk {
    std::uint64_t number = 0;
    std::uint64_t begin = 0;
    std::size_t packed_size = 0;
    std::uint32_t plain_size = 0;
    buffer memory;  // chunk and digest
  };

  std::optional<chunk> next(buffer_pool& pool) {
    if (sizes_.complete()) {
      refuse_another();
      return std::nullopt;
    }
    chunk c;
    c.number = sizes_.count();
    c.begin = at_;
    std::array<std::byte, chunk_header::size> bytes;
    const std::size_t got = read(bytes);
    if (got == 0) {
      sizes_.finish();
      return std::nullopt;
    }
    with_chunk(c.number, c.begin, [&] {
      if (got < bytes.size()) fail(errc::truncated, "file ends at byte {}, before the end of a chunk", at_);
      const auto header = sizes_.next(bytes);
      c.packed_size = header.packed_bytes;
      c.plain_size = header.bytes;
      const std::size_t rest = c.packed_size + digest_size(beginning_.header.checksum) - bytes.size();
      buffer body = pool.take();
      if (!read_announced(from_, rest, body))
        fail(errc::truncated, "file ends before its chunk, which ends at byte {}", at_ + rest);
      at_ += rest;
      c.memory = pool.take();
      const auto whole = c.memory.acquire(bytes.size() + rest);
      std::ranges::copy(bytes, whole.begin());
      std::ranges::copy(body.acquire(rest), whole.begin() + bytes.size());
      pool.give_back(std::move(body));
    });
    return c;
  }

 private:
  std::size_t read(std::span<std::byte> into) {
    const std::size_t got = from_.read(into);
    at_ += got;
    return got;
  }

  void read_metadata(const metadata_header& h) {
    require_bounded(h);
    buffer stored;
    if (!read_announced(from_, h.meta_comp_size, stored))
      fail(errc::truncated, "file ends in its metadata, which end at byte {}", beginning_.offsets_begin());
    at_ += h.meta_comp_size;
    std::array<std::byte, digest::max_size> bytes;
    const auto last = std::span{bytes}.first(digest_size(h.meta_checksum));
    skip(h.max_meta_size - h.meta_comp_size);
    if (read(last) < last.size())
      fail(errc::truncated, "file ends in its metadata, which end at byte {}", beginning_.offsets_begin());
    metadata_ = decode_metadata(h, stored.acquire(h.meta_comp_size), digest{last});
  }

  void skip(std::uint64_t count) {
    std::array<std::byte, 4096> ignored;
    while (count > 0) {
      const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, ignored.size()));
      if (read(std::span{ignored}.first(piece)) < piece)
        fail(errc::truncated, "file ends at byte {}, before its chunks begin", at_);
      count -= piece;
    }
  }

  void refuse_another() {
    std::array<std::byte, chunk_header::size> bytes;
    if (beginning_.header.offsets || read(bytes) < bytes.size()) return;
    if (resembles_chunk(bytes, beginning_.header.checksum, sizes_.chunk_size(), std::uint64_t{1} << 32U))
      fail(errc::bad_header, "nchunks is {}, but another chunk follows at byte {}", sizes_.count(), at_ - bytes.size());
  }

  sequential_source& from_;
  std::uint64_t at_ = 0;
  bloscpack::beginning beginning_;
  chunk_sizes sizes_;
  bloscpack::metadata metadata_;
};

}  // namespace detail

MRCZ_INLINE unpacked_stream unpack(sequential_source& from, sequential_sink& to, unpack_options options) {
  detail::check(options);
  return detail::with_context(from.name(), [&] {
    detail::stream_reader in{from};
    const checksum kind = in.beginning().header.checksum;
    detail::buffer_pool pool;
    struct plain {
      detail::buffer memory;
      std::size_t size;
    };
    detail::parallel_pipeline<detail::stream_reader::chunk, plain>(
        detail::thread_count(options.threads, std::numeric_limits<std::size_t>::max()), [&] { return in.next(pool); },
        [&](detail::stream_reader::chunk&& c) {
          detail::throw_if_stopped(options.stop);
          detail::buffer memory = pool.take();
          detail::with_chunk(c.number, c.begin, [&] {
            const auto packed = c.memory.acquire(c.packed_size + digest_size(kind));
            detail::unpack_chunk(packed.first(c.packed_size), kind, packed.subspan(c.packed_size),
                                 memory.acquire(c.plain_size));
          });
          pool.give_back(std::move(c.memory));
          return plain{std::move(memory), c.plain_size};
        },
        [&](plain&& done) {
          to.write(done.memory.acquire(done.size));
          if (options.progress != nullptr) options.progress->fetch_add(done.size);
          pool.give_back(std::move(done.memory));
        });
    return unpacked_stream{in.beginning().header, std::move(in.metadata())};
  });
}

MRCZ_INLINE unpacked_stream unpack_file(sequential_source& from, const std::filesystem::path& out,
                                        unpack_options options) {
  detail::check(options);
  atomic_file to{out, options.durability, options.replace};
  detail::sink_in_order target{to};
  auto found = unpack(from, target, options);
  to.publish();
  return found;
}

}  // namespace mrcz::bloscpack
