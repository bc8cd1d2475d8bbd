/// Collecting chunks, and packing some of them at a time.
#pragma once

#include "mrcz/bloscpack/writer.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/memory.hpp"

namespace mrcz::bloscpack {

class writer::state {
 public:
  state(const std::filesystem::path& path, const options& wanted, const metadata& values)
      : state{wanted, values, detail::by_pack_file} {
    file_.emplace(path, wanted.durability.value_or(durability::data), wanted.replace.value_or(true));
    waiting_.emplace(*file_);
  }

  state(sequential_sink& to, const options& wanted, const metadata& values)
      : state{wanted, values, detail::by_pack_stream} {
    stream_ = &to;
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      if (!current_) current_ = pool_.take();
      const auto into = current_->acquire(chunk_size_).subspan(filled_);
      const std::size_t count = std::min(into.size(), bytes.size());
      std::memcpy(into.data(), bytes.data(), count);
      bytes = bytes.subspan(count);
      filled_ += count;
      if (filled_ == chunk_size_) end_chunk();
    }
  }

  header close() {
    if (stream_ != nullptr && !header_ && full_.empty()) {  // shorter than a chunk: the size is known
      const auto all = current_ ? current_->acquire(chunk_size_).first(filled_) : std::span<std::byte>{};
      return pack_stream(memory_source{all, stream_->name()}, *stream_, wanted_, values_);
    }
    const bool is_empty = !current_ && full_.empty() && !packed_any_;
    if (current_ || stream_ != nullptr || is_empty) end_chunk();
    flush();
    if (stream_ != nullptr) return *header_;
    const auto h = waiting_->write(*file_, wanted_, values_);
    file_->publish();
    return h;
  }

 private:
  state(const options& wanted, const metadata& values, const detail::taken& by)
      : wanted_{wanted},
        values_(values),  // braces would make a list of them
        chunk_size_{wanted.chunk_size.value_or(detail::default_chunk_size)},
        packer_{detail::chunk_options_of(wanted), wanted.checksum.value_or(checksum::adler32)} {
    detail::check(wanted, by);
    if (!values.is_null()) static_cast<void>(encode_metadata(values, wanted.metadata));
    at_once_ = detail::share(wanted, std::numeric_limits<std::uint64_t>::max(), bytes_each()).threads;
  }

  std::uint64_t bytes_each() const noexcept { return 2 * std::uint64_t{chunk_size_}; }

  /// The chunk that is being filled is complete, or the last one, which may be empty.
  void end_chunk() {
    detail::plain_chunk plain{current_ ? std::move(*current_) : detail::buffer{}, {}};
    plain.bytes = plain.memory.acquire(chunk_size_).first(filled_);
    full_.push_back(std::move(plain));
    current_.reset();
    filled_ = 0;
    if (full_.size() == at_once_) flush();
  }

  void flush() {
    if (full_.empty()) return;
    if (stream_ != nullptr && !header_) begin_stream();
    packed_any_ = true;
    std::size_t next = 0;
    detail::pack_chunks(
        full_.size(), bytes_each(), packer_, wanted_,
        [&](detail::buffer_pool&) -> std::optional<detail::plain_chunk> {
          if (next == full_.size()) return std::nullopt;
          return detail::plain_chunk{{}, full_[next++].bytes};
        },
        [&](const detail::packed_chunk& packed) {
          if (stream_ != nullptr) detail::write_chunk(*stream_, packed, wanted_.stop);
          else waiting_->add(packed, wanted_.stop);
        });
    for (auto& chunk : full_) pool_.give_back(std::move(chunk.memory));
    full_.clear();
  }

  void begin_stream() {
    options without_offsets = wanted_;
    without_offsets.offsets = false;
    header_ = detail::header_of(without_offsets, chunk_size_, values_);
    header_->last_chunk = std::nullopt;
    header_->nchunks = std::nullopt;
    stream_->write(encode(*header_));
    stream_->write(detail::front{*header_, values_, wanted_.metadata}.metadata);
  }

  options wanted_;
  metadata values_;
  std::size_t chunk_size_;
  detail::chunk_packer packer_;
  std::size_t at_once_ = 1;
  std::optional<atomic_file> file_;
  std::optional<detail::waiting_chunks> waiting_;
  sequential_sink* stream_ = nullptr;
  std::optional<header> header_;  // of a stream, once it is written
  detail::buffer_pool pool_;
  std::optional<detail::buffer> current_;
  std::size_t filled_ = 0;
  std::vector<detail::plain_chunk> full_;
  bool packed_any_ = false;
};

MRCZ_INLINE writer::writer(const std::filesystem::path& path, const options& wanted, const metadata& values)
    : state_{std::make_unique<state>(path, wanted, values)} {}

MRCZ_INLINE writer::writer(sequential_sink& to, const options& wanted, const metadata& values)
    : state_{std::make_unique<state>(to, wanted, values)} {}

MRCZ_INLINE writer::writer(writer&&) noexcept = default;
MRCZ_INLINE writer& writer::operator=(writer&&) noexcept = default;
MRCZ_INLINE writer::~writer() = default;

MRCZ_INLINE writer::state& writer::open() const {
  if (!state_) detail::fail(errc::closed, "the writer is closed");
  return *state_;
}

MRCZ_INLINE void writer::write(std::span<const std::byte> bytes) {
  try {
    open().write(bytes);
  } catch (...) {
    state_.reset();
    throw;
  }
}

MRCZ_INLINE header writer::close() {
  static_cast<void>(open());
  const auto last = std::exchange(state_, nullptr);
  return last->close();
}

}  // namespace mrcz::bloscpack
