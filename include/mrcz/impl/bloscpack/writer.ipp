/// Packing data of known size.
#pragma once

#include "mrcz/bloscpack/writer.hpp"

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/bloscpack/reader.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/file.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE front::front(const header& h, const bloscpack::metadata& values, const metadata_options& options)
    : beginning{h, {}} {
  if (values.is_null()) return;
  metadata = encode_metadata(values, options);
  beginning.metadata = decode_metadata_header(std::span{metadata}.first<metadata_header_size>());
}

MRCZ_INLINE void pack_chunks(const byte_source& source, std::uint64_t first, std::uint32_t chunk_size,
                             const chunk_packer& packer, const running& how,
                             function_ref<void(const packed_chunk&)> take) {
  const std::uint64_t size = source.size() - first;
  const std::size_t count = size_in_memory(size == 0 ? 1 : (size - 1) / chunk_size + 1, "the number of chunks");
  buffer_pool pool;
  parallel_ordered<packed_chunk>(
      count, thread_count(how.threads, count),
      [&](std::size_t i) {
        throw_if_stopped(how.stop);
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
        take(packed);
        if (how.progress != nullptr) how.progress->fetch_add(packed.plain_size());
        packer.recycle(std::move(packed));
      });
}

MRCZ_INLINE header header_of(const pack_options& options, std::uint64_t size, const metadata& values) {
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

MRCZ_INLINE void write_chunk(sequential_sink& to, const packed_chunk& packed) {
  to.write(packed.bytes());
  to.write(packed.digest().bytes());
}

MRCZ_INLINE void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                             std::span<const std::byte> metadata, std::span<const std::uint64_t> begins) {
  write_offsets(begins, b.offsets_size(), [&](std::uint64_t at, std::span<const std::byte> entries) {
    to.write_at(b.offsets_begin() + at, entries);
  });
  if (!metadata.empty()) to.write_at(header_size, metadata);
  to.write_at(0, encode(h));
}

MRCZ_INLINE void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code ignored;
  if (std::filesystem::equivalent(in, out, ignored))
    fail(errc::bad_option, {.path = out.string(), .found = "is the input and cannot be the output too"});
}

}  // namespace mrcz::bloscpack::detail

namespace mrcz::bloscpack {

MRCZ_INLINE header pack(const byte_source& source, byte_sink& to, pack_options options, const metadata& values) {
  detail::check(options);
  const auto h = detail::header_of(options, source.size(), values);
  const detail::front front{h, values, options.metadata};
  const detail::chunk_packer packer{detail::chunk_options_of(options), options.checksum};
  std::vector<std::uint64_t> begins;
  detail::sink_in_order chunks{to, front.beginning.data_begin()};
  detail::pack_chunks(source, 0, *h.chunk_size, packer, detail::running_of(options),
                      [&](const detail::packed_chunk& packed) {
                        if (h.offsets) begins.push_back(chunks.position());
                        detail::write_chunk(chunks, packed);
                      });
  detail::write_front(to, h, front.beginning, front.metadata, begins);
  to.publish();
  return h;
}

MRCZ_INLINE header pack(const byte_source& source, sequential_sink& to, pack_options options, const metadata& values) {
  options.offsets = false;
  options.max_app_chunks = std::nullopt;
  detail::check(options);
  const auto h = detail::header_of(options, source.size(), values);
  const detail::front front{h, values, options.metadata};
  const detail::chunk_packer packer{detail::chunk_options_of(options), options.checksum};
  to.write(encode(h));
  to.write(front.metadata);
  detail::pack_chunks(source, 0, *h.chunk_size, packer, detail::running_of(options),
                      [&](const detail::packed_chunk& packed) { detail::write_chunk(to, packed); });
  return h;
}

MRCZ_INLINE header pack_file(const std::filesystem::path& in, const std::filesystem::path& out, pack_options options,
                             const metadata& values) {
  detail::check(options);
  const file_source source{in};
  detail::refuse_same_file(in, out);
  static_cast<void>(detail::front{detail::header_of(options, source.size(), values), values, options.metadata});
  atomic_file to{out, options.durability, options.replace};
  return pack(source, to, options, values);
}

MRCZ_INLINE void unpack_file(const std::filesystem::path& in, const std::filesystem::path& out,
                             unpack_options options) {
  detail::check(options);
  const reader from{in, {.threads = options.threads, .stop = options.stop, .progress = options.progress}};
  detail::refuse_same_file(in, out);
  atomic_file to{out, options.durability, options.replace};
  from.unpack(to);
  to.publish();
}

}  // namespace mrcz::bloscpack
