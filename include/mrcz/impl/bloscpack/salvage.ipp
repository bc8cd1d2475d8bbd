/// Finding the chunks that are whole.
#pragma once

#include "mrcz/bloscpack/salvage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/chunk_walker.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/undone_file.hpp"

namespace mrcz::bloscpack {

namespace detail {

class salvager {
 public:
  salvager(const byte_source& from, sequential_sink& to, const options& wanted)
      : from_{from},
        to_{to},
        wanted_{wanted},
        size_{from.size()},
        beginning_{beginning_of(from)},
        largest_{beginning_.header.chunk_size.value_or(static_cast<std::uint32_t>(max_chunk_size))} {}

  salvaged run() {
    save_metadata();
    const auto count = beginning_.header.nchunks;
    place_ = first_place();
    for (std::uint64_t number = 0;; ++number) {
      throw_if_stopped(wanted_.stop);
      if (count && number >= *count && !appended_) break;
      if (!count && place_ == size_) break;
      if (place_ && try_chunk(number, *place_)) continue;
      const auto by_offset = offset_of(number);
      if (by_offset && by_offset != place_ && try_chunk(number, *by_offset)) continue;
      if (count && number >= *count) break;  // what was being appended ends here
      if (!skip(number)) break;
    }
    say_end();
    return std::move(result_);
  }

 private:
  struct verified {
    chunk_header header{};
    std::uint64_t end = 0;
  };

  void save_metadata() {
    if (!beginning_.metadata) return;
    try {
      result_.metadata = read_metadata(from_, beginning_);
    } catch (const error& e) {
      if (e.code().category() != mrcz::error_category()) throw;
      note(std::nullopt, std::string{e.message()});
    }
  }

  void note(std::optional<std::uint64_t> chunk, std::string&& message) {
    constexpr std::size_t most = 1000;
    if (result_.missing.size() < most) result_.missing.push_back({chunk, std::move(message)});
  }

  /// Where the first chunk is, if it is where it should be.
  std::uint64_t first_place() const {
    const std::uint64_t begin = beginning_.data_begin();
    const auto offset = offset_of(0);
    return offset && *offset > begin && !fits(begin) ? *offset : std::min(begin, size_);
  }

  /// The place of a chunk according to the offsets, if there can be a chunk.
  std::optional<std::uint64_t> offset_of(std::uint64_t number) const {
    if (number >= beginning_.offsets_size() / 8) return std::nullopt;
    const std::uint64_t entry = beginning_.offsets_begin() + 8 * number;
    if (entry + 8 > size_) return std::nullopt;
    std::array<std::byte, 8> bytes;
    from_.read_at(entry, bytes);
    const auto place = load<std::uint64_t>(bytes.data(), std::endian::little);
    if (place < beginning_.data_begin() || place >= size_) return std::nullopt;
    return place;
  }

  /// Whether a chunk of this file can begin here.
  bool fits(std::uint64_t place) const {
    if (place > size_ || size_ - place < chunk_header::size) return false;
    std::array<std::byte, chunk_header::size> bytes;
    from_.read_at(place, bytes);
    return resembles_chunk(bytes, beginning_.header.checksum, largest_, size_ - place);
  }

  /// Verifies and unpacks the chunk at this place into `plain_`. Throws if there is none.
  verified unpack(std::uint64_t place) {
    if (size_ - place < chunk_header::size) fail(errc::truncated, "file ends at byte {}", size_);
    std::array<std::byte, chunk_header::size> bytes;
    from_.read_at(place, bytes);
    const auto header = decode_chunk_header(bytes, std::nullopt, largest_);
    const std::size_t digest = digest_size(beginning_.header.checksum);
    const std::uint64_t end = place + header.packed_bytes + digest;
    if (end > size_) fail(errc::truncated, "file ends at byte {}, but the chunk ends at byte {}", size_, end);
    const auto packed = packed_.acquire(header.packed_bytes + digest);
    read_in_pieces(from_, place, packed, wanted_.stop);
    unpack_chunk(packed.first(header.packed_bytes), beginning_.header.checksum, packed.subspan(header.packed_bytes),
                 plain_.acquire(header.bytes), {share(wanted_, 1, 0).threads_each, wanted_.stop});
    return {header, end};
  }

  /// Saves the chunk with this number, if it is here.
  bool try_chunk(std::uint64_t number, std::uint64_t place) {
    const header& h = beginning_.header;
    try {
      const auto found = unpack(place);
      const bool last = h.nchunks && number + 1 >= *h.nchunks;
      if (h.chunk_size && h.nchunks && !last && !searched_ && found.header.bytes != *h.chunk_size)
        fail_expected(errc::bad_chunk, text("chunk holds {} bytes", found.header.bytes), std::to_string(*h.chunk_size));
      if (last && h.last_chunk && number + 1 == *h.nchunks) appended_ = found.header.bytes != *h.last_chunk;
      write_zeros();
      write_in_pieces(to_, plain_.acquire(found.header.bytes), wanted_.stop);
      if (wanted_.progress != nullptr) wanted_.progress->fetch_add(found.header.bytes);
      last_ = found.header.bytes;
      place_ = found.end;
      next_number_ = number + 1;
      ++result_.chunks;
      return true;
    } catch (const error& e) {
      if (e.code() == errc::stopped || e.code().category() != mrcz::error_category()) throw;
      failure_ = text("{} (chunk {}, byte {})", std::string{e.message()}, number, place);
      return false;
    }
  }

  /// Looks for the next chunk after one that is not here. Returns false if there is none.
  bool skip(std::uint64_t number) {
    const header& h = beginning_.header;
    const auto size = h.nchunks == number + 1 ? h.last_chunk : h.chunk_size;
    const std::uint64_t from = place_.value_or(beginning_.data_begin());
    note(number, std::move(failure_));
    pending_zeros_ += size.value_or(0);
    place_ = offset_of(number + 1);
    if (place_ && *place_ > from) return true;
    searched_ = true;
    place_ = search(from + 1);
    return place_.has_value();
  }

  /// The first place from `from` on where a chunk is whole.
  std::optional<std::uint64_t> search(std::uint64_t from) {
    constexpr std::size_t piece = std::size_t{1} << 20U;
    constexpr std::uint64_t most_passes =
        100;  // over the file: one made to look like chunks everywhere takes no longer
    std::vector<std::byte> bytes;
    while (from < size_ && size_ - from >= chunk_header::size) {
      throw_if_stopped(wanted_.stop);
      bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size_ - from, piece)));
      from_.read_at(from, bytes);
      const std::size_t places = bytes.size() - chunk_header::size + 1;
      for (std::size_t i = 0; i < places; ++i) {
        if (bytes[i] != std::byte{2} || bytes[i + 1] != std::byte{1}) continue;
        const auto header = std::span{bytes}.subspan(i).first<chunk_header::size>();
        if (!resembles_chunk(header, beginning_.header.checksum, largest_, size_ - from - i)) continue;
        searched_bytes_ += chunk_header::decode(header).packed_bytes;
        if (searched_bytes_ / most_passes > size_) {
          note(std::nullopt, "too many places look like chunks and are none; the search for more was given up");
          return std::nullopt;
        }
        if (is_whole(from + i)) return from + i;
      }
      from += places;
    }
    return std::nullopt;
  }

  bool is_whole(std::uint64_t place) {
    try {
      return unpack(place).header.bytes > 0;
    } catch (const error& e) {
      if (e.code() == errc::stopped || e.code().category() != mrcz::error_category()) throw;
      return false;
    }
  }

  void write_zeros() {
    const std::vector<std::byte> zeros(static_cast<std::size_t>(std::min<std::uint64_t>(pending_zeros_, 65536)));
    for (std::uint64_t left = pending_zeros_; left > 0;) {
      throw_if_stopped(wanted_.stop);
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, zeros.size()));
      to_.write(std::span{zeros}.first(count));
      left -= count;
    }
    result_.zeros += std::exchange(pending_zeros_, 0);
  }

  void say_end() {
    const header& h = beginning_.header;
    if (h.nchunks && next_number_ < *h.nchunks && searched_ && result_.chunks > 0)
      note(std::nullopt, text("the header counts {} chunks, of which {} were found", *h.nchunks, result_.chunks));
    else if (h.nchunks && next_number_ < *h.nchunks)
      note(std::nullopt,
           text("of the {} chunks that the header counts, none is there from chunk {} on", *h.nchunks, next_number_));
    if (h.nchunks && next_number_ > *h.nchunks)
      note(std::nullopt,
           text("the header counts {} chunks, but there are {}: data were being appended", *h.nchunks, next_number_));
    else if (appended_)
      note(std::nullopt, text("the last chunk holds {} bytes, but the header says {}: data were being appended", last_,
                              *h.last_chunk));
    if (!h.nchunks && result_.missing.empty() && !h.last_chunk && h.chunk_size && last_ == *h.chunk_size)
      note(std::nullopt, "the stream ends with a whole chunk: it may have been cut off behind it");
  }

  const byte_source& from_;
  sequential_sink& to_;
  const options& wanted_;
  std::uint64_t size_;
  beginning beginning_;
  std::uint32_t largest_;
  salvaged result_;
  std::optional<std::uint64_t> place_;  // of the next chunk, if it is known
  std::uint64_t next_number_ = 0;       // after the last chunk that was saved
  std::uint64_t pending_zeros_ = 0;
  std::uint32_t last_ = 0;
  bool appended_ = false;
  std::uint64_t searched_bytes_ = 0;
  bool searched_ = false;  // so the numbers of the chunks that follow are not certain
  std::string failure_;
  buffer packed_;
  buffer plain_;
};

}  // namespace detail

MRCZ_INLINE salvaged salvage(const byte_source& from, sequential_sink& to, const options& wanted) {
  detail::check(wanted, detail::by_unpack_stream);
  return detail::with_context(from.name(), [&] { return detail::salvager{from, to, wanted}.run(); });
}

MRCZ_INLINE salvaged salvage_file(const std::filesystem::path& in, const std::filesystem::path& out,
                                  const options& wanted) {
  detail::check(wanted, detail::by_unpack_file);
  const auto from = detail::open_undone(in);
  detail::refuse_same_file(in, out);
  atomic_file to{out, wanted.durability.value_or(durability::data), wanted.replace.value_or(true)};
  detail::keep_permissions(to, in);
  detail::sink_in_order target{to};
  auto saved = salvage(*from, target, detail::work_of(wanted));
  to.publish();
  return saved;
}

}  // namespace mrcz::bloscpack
