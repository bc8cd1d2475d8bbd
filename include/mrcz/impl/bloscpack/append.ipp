/// Planning and writing a file that grows.
#pragma once

#include "mrcz/bloscpack/append.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/bloscpack/writer.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Some bytes in memory, followed by a source.
class joined_source final : public byte_source {
 public:
  joined_source(std::vector<std::byte>&& first, const byte_source& second)
      : first_{std::move(first)}, second_{&second} {}

  std::uint64_t size() const override { return first_.size() + second_->size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset < first_.size()) {
      const auto at = static_cast<std::size_t>(offset);
      const std::size_t count = std::min(into.size(), first_.size() - at);
      std::copy_n(first_.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
      into = into.subspan(count);
      offset += count;
    }
    if (!into.empty()) second_->read_at(offset - first_.size(), into);
  }
  std::string name() const override { return second_->name(); }

 private:
  std::vector<std::byte> first_;
  const byte_source* second_;
};

/// Everything about an appended file that can be known before it is written.
struct append_plan {
  bloscpack::header header;
  std::uint64_t kept_chunks = 0;    ///< chunks from the beginning that do not change
  std::uint64_t kept_end = 0;       ///< where they end in the file
  std::vector<std::byte> tail;      ///< content of the last chunk, if it is packed again
  std::vector<std::byte> metadata;  ///< the new section, if it changes
};

MRCZ_INLINE std::vector<std::byte> changed_metadata(const reader& old, const metadata& values) {
  if (!old.beginning().metadata) fail(errc::bad_metadata, "unable to seek to metadata if it does not exist");
  if (old.metadata() == values) fail(errc::bad_metadata, "you requested to update metadata, but this has not changed");
  const metadata_header& h = *old.beginning().metadata;
  return encode_metadata(values, {.checksum = h.meta_checksum, .max_meta_size = h.max_meta_size});
}

/// Plans an append. Verifies the last chunk and everything else that can be checked before something is written.
MRCZ_INLINE append_plan plan_append(const reader& old, std::uint64_t added_bytes, const metadata& values) {
  append_plan plan;
  plan.header = old.header();
  const std::uint64_t chunk_size = old.chunks().chunk_size();
  const std::uint64_t last = old.nchunks() - 1;
  const std::uint32_t last_size = old.chunks().last_chunk();
  plan.kept_end = old.chunks()[last].begin + old.chunk_header(last).packed_bytes + digest_size(plan.header.checksum);
  plan.tail.resize(last_size);
  buffer memory;
  old.read_chunk(last, plan.tail, memory);
  const bool refill = added_bytes > 0 && last_size < chunk_size;
  plan.kept_chunks = refill ? last : last + 1;
  if (refill) plan.kept_end = old.chunks()[last].begin;
  else plan.tail.clear();
  if (!values.is_null()) plan.metadata = changed_metadata(old, values);
  if (added_bytes == 0) return plan;
  if (chunk_size == 0)
    fail(errc::bad_option, "the file holds nothing, which leaves its chunks no size; pack the new data instead");
  const std::uint64_t room = chunk_size - last_size;
  const std::uint64_t added = added_bytes <= room ? 0 : (added_bytes - room - 1) / chunk_size + 1;
  if (plan.header.offsets && added > plan.header.max_app_chunks)
    fail(errc::too_large, "not enough space: {} chunks would be added, but max_app_chunks is {}", added,
         plan.header.max_app_chunks);
  plan.header.nchunks = last + 1 + added;
  plan.header.chunk_size = static_cast<std::uint32_t>(chunk_size);
  plan.header.last_chunk = static_cast<std::uint32_t>(old.size() + added_bytes - (last + added) * chunk_size);
  if (plan.header.offsets) plan.header.max_app_chunks -= added;
  check(plan.header);
  return plan;
}

/// Writes `old` with the changes of `plan`.
MRCZ_INLINE void write_appended(const reader& old, const byte_source& data, append_plan&& plan,
                                const append_options& options, byte_sink& to) {
  to.copy(old.source(), 0, plan.kept_end, 0);
  const auto kept = old.chunks().begins().first(static_cast<std::size_t>(plan.kept_chunks));
  std::vector<std::uint64_t> begins{kept.begin(), kept.end()};
  if (data.size() > 0) {
    const chunk_packer packer{chunk_options_of(options), plan.header.checksum};
    const joined_source joined{std::move(plan.tail), data};
    sink_in_order chunks{to, plan.kept_end};
    pack_chunks(joined, 0, *plan.header.chunk_size, packer, running_of(options), [&](const packed_chunk& packed) {
      begins.push_back(chunks.position());
      write_chunk(chunks, packed);
    });
  }
  write_front(to, plan.header, old.beginning(), plan.metadata, begins);
}

}  // namespace detail

MRCZ_INLINE header append(const reader& old, const byte_source& data, byte_sink& to, append_options options,
                          const metadata& values) {
  detail::check(options);
  auto plan = detail::with_context(old.name(), [&] { return detail::plan_append(old, data.size(), values); });
  const header h = plan.header;
  detail::write_appended(old, data, std::move(plan), options, to);
  to.publish();
  return h;
}

MRCZ_INLINE header append(const std::filesystem::path& path, const byte_source& data, append_options options,
                          const metadata& values) {
  detail::check(options);
  const auto source = std::make_shared<detail::locked_file>(path);
  const reader old{source, {.threads = options.threads}};
  if (data.size() == 0 && values.is_null()) return old.header();
  auto plan = detail::with_context(old.name(), [&] { return detail::plan_append(old, data.size(), values); });
  const header h = plan.header;
  atomic_file to{path, options.durability, true};
  detail::write_appended(old, data, std::move(plan), options, to);
  source->require_unchanged();  // another program may ignore the lock
  to.publish();
  return h;
}

MRCZ_INLINE header append_file(const std::filesystem::path& path, const std::filesystem::path& added,
                               append_options options, const metadata& values) {
  return append(path, file_source{added}, options, values);
}

MRCZ_INLINE header update_metadata(const std::filesystem::path& path, const metadata& values, append_options options) {
  if (values.is_null())
    detail::fail(errc::bad_option, {.path = path.string(), .found = "metadata cannot be taken away, only replaced"});
  return append(path, memory_source{std::span<const std::byte>{}}, options, values);
}

}  // namespace mrcz::bloscpack
