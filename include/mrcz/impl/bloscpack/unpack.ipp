/// Unpacking files, and sources that are read once.
#pragma once

#include "mrcz/bloscpack/unpack.hpp"

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
#include "mrcz/bloscpack/chunk_walker.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Positions in a source that is read once. The last 16 bytes can be read again.
class forward_cursor {
 public:
  explicit forward_cursor(sequential_source& from) : from_{from} {}

  std::uint64_t position() const noexcept { return at_; }

  /// Reads the next bytes and returns how many there were.
  std::size_t read(std::span<std::byte> into) {
    const std::size_t got = from_.read(into);
    at_ += got;
    const std::size_t kept = std::min(got, recent_.size());
    std::copy(recent_.begin() + static_cast<std::ptrdiff_t>(kept), recent_.end(), recent_.begin());
    std::copy_n(into.begin() + static_cast<std::ptrdiff_t>(got - kept), kept,
                recent_.end() - static_cast<std::ptrdiff_t>(kept));
    return got;
  }

  std::size_t read_at(std::uint64_t at, std::span<std::byte> into) {
    if (at >= at_) return skip(at - at_) ? read(into) : 0;
    const auto again = std::min(static_cast<std::size_t>(at_ - at), into.size());
    std::copy_n(recent_.end() - static_cast<std::ptrdiff_t>(at_ - at), again, into.begin());
    return again + read(into.subspan(again));
  }

  /// Returns false if the source ends before.
  bool skip(std::uint64_t count) {
    std::array<std::byte, 4096> ignored;
    while (count > 0) {
      const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, ignored.size()));
      if (read(std::span{ignored}.first(piece)) < piece) return false;
      count -= piece;
    }
    return true;
  }

 private:
  sequential_source& from_;
  std::uint64_t at_ = 0;
  std::array<std::byte, chunk_header::size> recent_{};
};

/// A bloscpack file that is read once, from its beginning to its end.
class stream_reader {
 public:
  explicit stream_reader(sequential_source& from, const std::stop_token* stop)
      : cursor_{from}, stop_{stop}, beginning_{read_front()}, walker_{beginning_} {}

  const bloscpack::beginning& beginning() const noexcept { return beginning_; }
  bloscpack::metadata& metadata() noexcept { return metadata_; }
  bool is_certainly_whole() const noexcept { return walker_.is_certainly_whole(); }

  struct chunk {
    found_chunk found;
    buffer memory;  // chunk and digest
  };

  std::size_t size_of(const chunk& c) const noexcept {
    return c.found.header.packed_bytes + digest_size(beginning_.header.checksum);
  }

  std::optional<chunk> next(buffer_pool& pool) {
    std::array<std::byte, chunk_header::size> bytes{};
    const auto found = walker_.next([&](std::uint64_t at, std::span<std::byte> into) {
      const std::size_t got = cursor_.read_at(at, into);
      std::copy_n(into.begin(), got, bytes.begin());
      return got;
    });
    if (!found) return std::nullopt;
    chunk c{*found, pool.take()};
    with_chunk(found->number, found->begin, [&] {
      if (!read_rest(bytes, size_of(c), c.memory))
        fail(errc::truncated, "file ends before its chunk, which ends at byte {}", walker_.end_of_chunks());
    });
    return c;
  }

 private:
  /// Everything before the chunks.
  bloscpack::beginning read_front() {
    auto found = read_beginning([&](std::span<std::byte> into) { return cursor_.read(into); });
    if (found.metadata) read_metadata(*found.metadata, found.offsets_begin());
    if (found.header.offsets) {
      std::array<std::byte, 8> first;
      if (cursor_.read(first) == first.size())
        found.first_offset = load<std::uint64_t>(first.data(), std::endian::little);
    }
    if (cursor_.position() > found.data_begin() || !cursor_.skip(found.data_begin() - cursor_.position()))
      fail(errc::truncated, "file ends at byte {}, before its chunks begin", cursor_.position());
    return found;
  }

  /// Appends the rest of `size` bytes to those that have been read. Memory grows with the bytes that arrive, not with
  /// the announced size. Returns false if fewer bytes arrive.
  bool read_rest(std::span<const std::byte> begin, std::size_t size, buffer& memory) {
    std::size_t got = begin.size();
    std::size_t capacity = std::min(size, std::max(memory.capacity(), transfer_bytes));
    std::ranges::copy(begin, memory.acquire(capacity).begin());
    for (;;) {
      throw_if_stopped(stop_);
      const std::size_t wanted = std::min(capacity - got, transfer_bytes);
      if (cursor_.read(memory.acquire(capacity).subspan(got, wanted)) < wanted) return false;
      got += wanted;
      if (got == size) return true;
      if (got < capacity) continue;
      capacity = std::min(size, 2 * capacity);
      buffer larger;
      std::memcpy(larger.acquire(capacity).data(), memory.data(), got);
      memory = std::move(larger);
    }
  }

  void read_metadata(const metadata_header& h, std::uint64_t end) {
    require_bounded(h);
    buffer stored;
    std::array<std::byte, digest::max_size> bytes;
    const auto last = std::span{bytes}.first(digest_size(h.meta_checksum));
    if (!read_rest({}, h.meta_comp_size, stored) || !cursor_.skip(h.max_meta_size - h.meta_comp_size) ||
        cursor_.read(last) < last.size())
      fail(errc::truncated, "file ends in its metadata, which end at byte {}", end);
    metadata_ = decode_metadata(h, stored.acquire(h.meta_comp_size), digest{last});
  }

  forward_cursor cursor_;
  const std::stop_token* stop_;
  bloscpack::metadata metadata_;
  bloscpack::beginning beginning_;
  chunk_walker walker_;
};

}  // namespace detail

MRCZ_INLINE unpacked unpack_stream(sequential_source& from, sequential_sink& to, const options& wanted) {
  detail::check(wanted, detail::by_unpack_stream);
  return detail::with_context(from.name(), [&] {
    detail::stream_reader in{from, wanted.stop};
    const checksum kind = in.beginning().header.checksum;
    detail::buffer_pool pool;
    struct plain {
      detail::buffer memory;
      std::size_t size;
    };
    using chunk = detail::stream_reader::chunk;
    const std::uint64_t largest = in.beginning().header.chunk_size.value_or(max_chunk_size);
    const auto work = detail::share(wanted, std::numeric_limits<std::uint64_t>::max(), 2 * largest);
    detail::parallel_pipeline<chunk, plain>(
        work.threads, [&] { return in.next(pool); },
        [&](chunk&& c) {
          detail::buffer memory = pool.take();
          const std::size_t size = c.found.header.bytes;
          detail::with_chunk(c.found.number, c.found.begin, [&] {
            const auto packed = c.memory.acquire(in.size_of(c));
            detail::unpack_chunk(packed.first(c.found.header.packed_bytes), kind,
                                 packed.subspan(c.found.header.packed_bytes), memory.acquire(size),
                                 {work.threads_each, wanted.stop});
          });
          pool.give_back(std::move(c.memory));
          return plain{std::move(memory), size};
        },
        [&](plain&& done) {
          detail::write_in_pieces(to, done.memory.acquire(done.size), wanted.stop);
          if (wanted.progress != nullptr) wanted.progress->fetch_add(done.size);
          pool.give_back(std::move(done.memory));
        },
        detail::asked::by_any_thread, work.chunks);
    return unpacked{in.beginning().header, std::move(in.metadata()), in.is_certainly_whole()};
  });
}

MRCZ_INLINE unpacked unpack_file(sequential_source& from, const std::filesystem::path& out, const options& wanted) {
  detail::check(wanted, detail::by_unpack_file);
  atomic_file to{out, wanted.durability.value_or(durability::data), wanted.replace.value_or(true)};
  detail::sink_in_order target{to};
  auto found = unpack_stream(from, target, detail::work_of(wanted));
  to.publish();
  return found;
}

MRCZ_INLINE unpacked unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                                 const options& wanted) {
  detail::check(wanted, detail::by_unpack_file);
  const reader from{in, detail::work_of(wanted)};
  detail::refuse_same_file(in, out);
  auto values = from.metadata();
  atomic_file to{out, wanted.durability.value_or(durability::data), wanted.replace.value_or(true)};
  detail::keep_permissions(to, in);
  from.unpack(to);
  to.publish();
  return {from.header(), std::move(values), from.is_certainly_whole()};
}

}  // namespace mrcz::bloscpack
