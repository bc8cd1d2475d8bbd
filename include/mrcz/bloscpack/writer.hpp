/// Packing what has a size: files, memory, anything with positions (bloscpack format 3).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "mrcz/bloscpack/beginning.hpp"
#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

namespace detail {

/// Cuts `source` from byte `first` on into chunks of `chunk_size`, the last one shorter, packs them in parallel and
/// calls `take(packed_chunk)` in their order.
template <class Options, class Take>
void pack_chunks(const byte_source& source, std::uint64_t first, std::uint32_t chunk_size, const chunk_packer& packer,
                 const Options& options, Take&& take) {
  const std::uint64_t size = source.size() - first;
  const std::size_t count = size_in_memory(size == 0 ? 1 : (size - 1) / chunk_size + 1, "the number of chunks");
  buffer_pool pool;
  parallel_ordered<packed_chunk>(
      count, thread_count(options.threads, count),
      [&](std::size_t i) {
        throw_if_stopped(options.stop);
        const std::uint64_t begin = first + std::uint64_t{i} * chunk_size;
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, source.size() - begin));
        if (const auto all = source.in_memory(); !all.empty())
          return packer.pack(all.subspan(static_cast<std::size_t>(begin), length));
        buffer plain = pool.take();
        const auto into = plain.acquire(length);
        source.read_at(begin, into);
        auto packed = packer.pack(into);
        pool.give_back(std::move(plain));
        return packed;
      },
      [&](packed_chunk&& packed) {
        take(std::as_const(packed));
        if (options.progress != nullptr) options.progress->fetch_add(packed.plain_size());
        packer.recycle(std::move(packed));
      });
}

/// The header that options and data determine.
inline header header_of(const pack_options& options, std::uint64_t size, const metadata& values) {
  const auto cut = chunks_of(size, options.chunk_size);
  header h{.offsets = options.offsets,
           .metadata = !values.is_null(),
           .checksum = options.checksum,
           .typesize = static_cast<std::uint8_t>(options.typesize),
           .chunk_size = cut.chunk_size,
           .last_chunk = cut.last_chunk,
           .nchunks = cut.nchunks};
  if (options.offsets) h.max_app_chunks = options.max_app_chunks.value_or(10 * cut.nchunks);
  check(h);
  return h;
}

/// What stands in front of the offsets.
struct front {
  bloscpack::beginning beginning;
  std::vector<std::byte> metadata;

  front(const header& h, const bloscpack::metadata& values, const metadata_options& options) : beginning{h, {}} {
    if (values.is_null()) return;
    metadata = encode_metadata(values, options);
    beginning.metadata = decode_metadata_header(std::span{metadata}.first<metadata_header_size>());
  }
};

/// Chunk and digest.
inline void write_chunk(sequential_sink& to, const packed_chunk& packed) {
  to.write(packed.bytes());
  to.write(packed.digest().bytes());
}

/// Everything in front of the chunks, which begin at `begins`; `metadata` may be empty. `b` says what lies where.
inline void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                        std::span<const std::byte> metadata, std::span<const std::uint64_t> begins) {
  write_offsets(begins, b.offsets_size(), [&](std::uint64_t at, std::span<const std::byte> entries) {
    to.write_at(b.offsets_begin() + at, entries);
  });
  if (!metadata.empty()) to.write_at(header_size, metadata);
  to.write_at(0, encode(h));
}

inline void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code ignored;
  if (std::filesystem::equivalent(in, out, ignored))
    fail(errc::bad_option, {.path = out.string(), .found = "is the input and cannot be the output too"});
}

}  // namespace detail

/// Packs all of `source` and publishes the sink. Returns the header that was written. Throws `errc::bad_option`,
/// `errc::codec_unavailable`, `errc::bad_metadata` and what source and sink throw; nothing is published then. What is
/// written does not depend on the number of threads.
inline header pack(const byte_source& source, byte_sink& to, pack_options options = {},
                   const metadata& values = nullptr) {
  check(options);
  const auto h = detail::header_of(options, source.size(), values);
  const detail::front front{h, values, options.metadata};
  const chunk_packer packer{chunk_options_of(options), options.checksum};
  std::vector<std::uint64_t> begins;
  sink_in_order chunks{to, front.beginning.data_begin()};
  detail::pack_chunks(source, 0, *h.chunk_size, packer, options, [&](const packed_chunk& packed) {
    if (h.offsets) begins.push_back(chunks.position());
    detail::write_chunk(chunks, packed);
  });
  detail::write_front(to, h, front.beginning, front.metadata, begins);
  to.publish();
  return h;
}

/// The same for a sink that cannot go back, and so gets no offsets whatever the options say.
inline header pack(const byte_source& source, sequential_sink& to, pack_options options = {},
                   const metadata& values = nullptr) {
  options.offsets = false;
  options.max_app_chunks = std::nullopt;
  check(options);
  const auto h = detail::header_of(options, source.size(), values);
  const detail::front front{h, values, options.metadata};
  const chunk_packer packer{chunk_options_of(options), options.checksum};
  to.write(encode(h));
  to.write(front.metadata);
  detail::pack_chunks(source, 0, *h.chunk_size, packer, options,
                      [&](const packed_chunk& packed) { detail::write_chunk(to, packed); });
  return h;
}

/// Packs a file. Everything is checked before `out` is begun, which is complete or absent. Throws `errc::bad_option` if
/// both are the same file.
inline header pack_file(const std::filesystem::path& in, const std::filesystem::path& out, pack_options options = {},
                        const metadata& values = nullptr) {
  check(options);
  const file_source source{in};
  detail::refuse_same_file(in, out);
  static_cast<void>(detail::front{detail::header_of(options, source.size(), values), values, options.metadata});
  atomic_file to{out, options.durability, options.replace};
  return pack(source, to, options, values);
}

/// Unpacks a file. `out` is complete or absent. Throws as `reader`, and `errc::bad_option` if both are the same file.
inline void unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                        unpack_options options = {}) {
  check(options);
  const reader from{in, {.threads = options.threads, .stop = options.stop, .progress = options.progress}};
  detail::refuse_same_file(in, out);
  atomic_file to{out, options.durability, options.replace};
  from.unpack(to);
  to.publish();
}

}  // namespace mrcz::bloscpack
