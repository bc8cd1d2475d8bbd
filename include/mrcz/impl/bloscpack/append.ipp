/// Planning and writing a file that grows.
#pragma once

#include "mrcz/bloscpack/append.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Everything about an appended file that can be known before it is written.
struct append_plan {
  bloscpack::header header;
  bloscpack::beginning beginning;   ///< of the new file
  bool new_layout = false;          ///< the chunks that stay begin elsewhere
  std::uint64_t kept_chunks = 0;    ///< chunks from the beginning that do not change
  std::uint64_t kept_begin = 0;     ///< where they begin in the old file, and in the new one without a new layout
  std::uint64_t kept_end = 0;       ///< where they end in the old file
  std::uint32_t refilled = 0;       ///< bytes of the last chunk, if it is packed again
  std::uint32_t chunk_size = 0;     ///< of new chunks
  std::uint64_t added_bytes = 0;    ///< of the data
  std::vector<std::byte> metadata;  ///< the new section, if it changes
  chunk_options compression;

  /// Where the chunks that stay begin in the new file.
  std::uint64_t new_begin() const { return new_layout ? beginning.data_begin() : kept_begin; }
  std::uint64_t new_kept_end() const { return new_begin() + (kept_end - kept_begin); }
};

/// The metadata of a file, or nothing if they are damaged.
MRCZ_INLINE std::optional<metadata> sound_metadata(const reader& of) {
  try {
    return of.metadata();
  } catch (const error& e) {
    if (e.code().category() != mrcz::error_category()) throw;
    return std::nullopt;
  }
}

MRCZ_INLINE void plan_metadata(append_plan& plan, const reader& old, const metadata& values) {
  if (values.is_null()) {
    static_cast<void>(old.metadata());  // damage does not become a part of a new file
    return;
  }
  if (!old.beginning().metadata) fail(errc::bad_metadata, "unable to seek to metadata if it does not exist");
  if (sound_metadata(old) == values)
    fail(errc::bad_metadata, "you requested to update metadata, but this has not changed");
  const metadata_header& h = *old.beginning().metadata;
  plan.metadata = encode_metadata(values, {.checksum = h.meta_checksum});
  const auto header_of = [&] { return decode_metadata_header(std::span{plan.metadata}.first<metadata_header_size>()); };
  if (header_of().meta_comp_size <= h.max_meta_size)
    plan.metadata = encode_metadata(values, {.checksum = h.meta_checksum, .max_meta_size = h.max_meta_size});
  else plan.new_layout = true;
  plan.beginning.metadata = header_of();
}

/// Plans an append. Verifies the last chunk and everything else that can be checked before something is written.
MRCZ_INLINE append_plan plan_append(const reader& old, std::uint64_t added_bytes, const options& wanted,
                                    const metadata& values) {
  append_plan plan;
  plan.header = old.header();
  plan.beginning = old.beginning();
  plan.added_bytes = added_bytes;
  plan.compression = chunk_options_of(wanted, chunk_options_of_file(old));
  check(plan.compression);
  plan.chunk_size = old.chunks().chunk_size();
  plan.kept_begin = old.chunks().begins().front();
  const std::uint64_t last = old.nchunks() - 1;
  const std::uint32_t last_size = old.chunks().last_chunk();
  plan.kept_end = old.chunks()[last].begin + old.chunk_header(last).packed_bytes + digest_size(plan.header.checksum);
  {
    buffer packed;
    buffer plain;
    old.read_chunk(last, plain.acquire(last_size), packed, share(wanted, 1, 0).threads_each);
  }
  const bool refill = added_bytes > 0 && last_size < plan.chunk_size && old.chunks().is_uniform();
  plan.kept_chunks = refill ? last : last + 1;
  if (refill) {
    plan.kept_end = old.chunks()[last].begin;
    plan.refilled = last_size;
  }
  plan_metadata(plan, old, values);
  if (added_bytes > 0) {
    if (plan.chunk_size == 0)
      fail(errc::bad_option, "the file holds nothing, which leaves its chunks no size; pack the new data instead");
    const auto cut = chunks_of(plan.refilled + added_bytes, plan.chunk_size);
    const std::uint64_t added = cut.nchunks - (refill ? 1 : 0);
    plan.header.nchunks = plan.kept_chunks + cut.nchunks;
    if (old.chunks().is_uniform()) plan.header.chunk_size = plan.chunk_size;
    plan.header.last_chunk = cut.last_chunk;
    if (plan.header.offsets && added > plan.header.max_app_chunks) {
      plan.new_layout = true;
      plan.header.max_app_chunks = 10 * *plan.header.nchunks;
    } else if (plan.header.offsets) {
      plan.header.max_app_chunks -= added;
    }
  }
  check(plan.header);
  plan.beginning.header = plan.header;
  return plan;
}

/// Packs the chunks that are new, and writes them one after the other. Returns where all chunks of the new file begin.
MRCZ_INLINE std::vector<std::uint64_t> write_new_chunks(const reader& old, const byte_source& data,
                                                        const append_plan& plan, const options& wanted, byte_sink& to) {
  const auto kept = old.chunks().begins().first(static_cast<std::size_t>(plan.kept_chunks));
  std::vector<std::uint64_t> begins{kept.begin(), kept.end()};
  for (auto& begin : begins) begin = begin - plan.kept_begin + plan.new_begin();
  if (plan.added_bytes == 0) return begins;
  const std::uint64_t size = plan.refilled + plan.added_bytes;
  sink_in_order chunks{to, plan.new_kept_end()};
  std::uint64_t at = 0;
  const auto next = [&](buffer_pool& pool) -> std::optional<plain_chunk> {
    if (at == size) return std::nullopt;
    throw_if_stopped(wanted.stop);
    plain_chunk plain{pool.take(), {}};
    const auto into =
        plain.memory.acquire(static_cast<std::size_t>(std::min<std::uint64_t>(plan.chunk_size, size - at)));
    const std::size_t filled = at == 0 ? plan.refilled : 0;
    if (filled > 0) {
      buffer packed;
      old.read_chunk(plan.kept_chunks, into.first(filled), packed, share(wanted, 1, 0).threads_each);
    }
    read_in_pieces(data, at + filled - plan.refilled, into.subspan(filled), wanted.stop);
    plain.bytes = into;
    at += into.size();
    return plain;
  };
  pack_chunks((size - 1) / plan.chunk_size + 1, 2 * std::uint64_t{plan.chunk_size},
              chunk_packer{plan.compression, plan.header.checksum}, wanted, next, [&](const packed_chunk& packed) {
                begins.push_back(chunks.position());
                write_chunk(chunks, packed, wanted.stop);
              });
  return begins;
}

/// Writes the whole new file.
MRCZ_INLINE void write_appended(const reader& old, const byte_source& data, const append_plan& plan,
                                const options& wanted, byte_sink& to) {
  if (plan.new_layout) {
    if (old.beginning().metadata && plan.metadata.empty())
      to.copy(old.source(), header_size, old.beginning().metadata->section_size(), header_size);
    copy_in_pieces(to, old.source(), plan.kept_begin, plan.kept_end - plan.kept_begin, plan.new_begin(), wanted.stop);
  } else {
    copy_in_pieces(to, old.source(), 0, plan.kept_end, 0, wanted.stop);
  }
  const auto begins = write_new_chunks(old, data, plan, wanted, to);
  write_front(to, plan.header, plan.beginning, plan.metadata, begins);
}

/// A file that is changed in place under the protection of its undo record.
class changing_file final : public byte_sink {
 public:
  changing_file(locked_file& changed, std::span<const byte_range> ranges) : file_{changed} {
    file_.begin_change(ranges);
  }

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    file_.require_unchanged();
    file_.write_at(offset, from);
    end_ = std::max(end_, offset + from.size());
  }

  void publish() override {
    file_.require_unchanged();
    if (file_.opened().size() > end_) file_.truncate(end_);
    file_.end_change();
  }

  std::string name() const override { return file_.name(); }

  /// Where the file ends if nothing is written behind this byte.
  void keep_until(std::uint64_t end) noexcept { end_ = std::max(end_, end); }

 private:
  locked_file& file_;
  std::uint64_t end_ = 0;
};

/// Changes the old file itself.
MRCZ_INLINE void change_in_place(const reader& old, const byte_source& data, const append_plan& plan,
                                 const options& wanted, locked_file& file) {
  // offsets that were wrong are all written anew
  const std::uint64_t entries = plan.beginning.offsets_size() / 8;
  const bool all = plan.header.offsets && !old.chunks().from_offsets();
  const std::uint64_t first_entry = all ? 0 : plan.kept_chunks;
  const std::uint64_t last_entry = all ? entries : std::min(entries, plan.header.nchunks.value_or(0));
  const std::uint64_t entries_begin = plan.beginning.offsets_begin() + 8 * first_entry;
  std::vector<byte_range> ranges{{0, header_size + plan.metadata.size()}};
  if (first_entry < last_entry) ranges.push_back({entries_begin, 8 * (last_entry - first_entry)});
  if (plan.kept_end < file.size()) ranges.push_back({plan.kept_end, file.size() - plan.kept_end});
  changing_file to{file, ranges};
  to.keep_until(plan.kept_end);
  const auto begins = write_new_chunks(old, data, plan, wanted, to);
  if (!plan.metadata.empty()) to.write_at(header_size, plan.metadata);
  constexpr std::uint64_t at_once = 8192;
  for (std::uint64_t entry = first_entry; entry < last_entry; entry += at_once)
    to.write_at(plan.beginning.offsets_begin() + 8 * entry,
                encode_offsets(begins, entry, static_cast<std::size_t>(std::min(at_once, last_entry - entry))));
  to.write_at(0, encode(plan.header));
  throw_if_stopped(wanted.stop);
  to.publish();
}

/// Whether the file system stores equal blocks of two files once, so that a copy costs nothing.
MRCZ_INLINE bool shares_blocks(const file& of) {
  const auto folder = of.path().parent_path();
  const file copy{folder.empty() ? std::filesystem::path{"."} : folder, file::access::scratch};
  return share_blocks(of.handle(), copy.handle());
}

MRCZ_INLINE chunk_options chunk_options_of_file(const reader& file) {
  const auto h = file.chunk_header(0);
  return {.codec = h.codec().value_or(codec::blosclz),
          .shuffle = h.shuffle(),
          .typesize = file.header().typesize != 0 ? file.header().typesize : h.typesize};
}

MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, const options& wanted,
                          const metadata& values, std::uint64_t in_place_from) {
  check(wanted, by_append_file);
  const auto source = std::make_shared<locked_file>(path);
  const reader old{source, work_of(wanted)};
  if (data.size() == 0 && values.is_null()) return old.header();
  const auto plan = with_context(old.name(), [&] { return plan_append(old, data.size(), wanted, values); });
  if (!plan.new_layout && source->size() >= in_place_from && source->is_locked() && !shares_blocks(source->opened())) {
    change_in_place(old, data, plan, wanted, *source);
    return plan.header;
  }
  atomic_file to{path, wanted.durability.value_or(durability::data), true};
  write_appended(old, data, plan, wanted, to);
  source->require_unchanged();  // another program may ignore the lock
  to.publish();
  return plan.header;
}

}  // namespace detail

MRCZ_INLINE header append(const reader& old, const byte_source& data, byte_sink& to, const options& wanted,
                          const metadata& values) {
  detail::check(wanted, detail::by_append);
  const auto plan =
      detail::with_context(old.name(), [&] { return detail::plan_append(old, data.size(), wanted, values); });
  detail::write_appended(old, data, plan, wanted, to);
  to.publish();
  return plan.header;
}

MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, const options& wanted,
                          const metadata& values) {
  return detail::append(path, data, wanted, values, detail::least_bytes_in_place);
}

MRCZ_INLINE header append_file(const std::filesystem::path& path, const std::filesystem::path& added,
                               const options& wanted, const metadata& values) {
  detail::refuse_same_file(path, added);
  return append(path, file_source{added}, wanted, values);
}

MRCZ_INLINE header update_metadata(const std::filesystem::path& path, const metadata& values, const options& wanted) {
  if (values.is_null())
    detail::fail(errc::bad_option, {.path = path.string(), .found = "metadata cannot be taken away, only replaced"});
  return append(path, memory_source{std::span<const std::byte>{}}, wanted, values);
}

}  // namespace mrcz::bloscpack
