/// Packing data of known and of unknown size.
#pragma once

#include "mrcz/bloscpack/pack.hpp"

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

#include "mrcz/bloscpack/offsets.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/memory.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE front::front(const header& h, const bloscpack::metadata& values, const metadata_options& wanted)
    : beginning{h, {}} {
  if (values.is_null()) return;
  metadata = encode_metadata(values, wanted);
  beginning.metadata = decode_metadata_header(std::span{metadata}.first<metadata_header_size>());
}

MRCZ_INLINE void pack_chunks(std::uint64_t count, std::uint64_t bytes_each, const chunk_packer& packer,
                             const options& how, function_ref<std::optional<plain_chunk>(buffer_pool&)> next,
                             function_ref<void(const packed_chunk&)> take) {
  buffer_pool pool;
  const auto work = share(how, count, bytes_each);
  parallel_pipeline<plain_chunk, packed_chunk>(
      work.threads, [&] { return next(pool); },
      [&](plain_chunk&& plain) {
        auto packed = packer.pack(plain.bytes, {work.threads_each, how.stop});
        pool.give_back(std::move(plain.memory));
        return packed;
      },
      [&](packed_chunk&& packed) {
        take(packed);
        if (how.progress != nullptr) how.progress->fetch_add(packed.plain_size());
        packer.recycle(std::move(packed));
      },
      asked::by_any_thread, work.chunks);
}

MRCZ_INLINE void pack_source(const byte_source& source, std::uint32_t chunk_size, const chunk_packer& packer,
                             const options& how, function_ref<void(const packed_chunk&)> take) {
  const std::uint64_t size = source.size();
  const std::uint64_t count = size == 0 ? 1 : (size - 1) / chunk_size + 1;
  const auto all = source.in_memory();
  std::uint64_t number = 0;
  const auto next = [&](buffer_pool& pool) -> std::optional<plain_chunk> {
    if (number == count) return std::nullopt;
    throw_if_stopped(how.stop);
    const std::uint64_t begin = number++ * chunk_size;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, size - begin));
    plain_chunk plain;
    if (!all.empty()) {
      plain.bytes = all.subspan(static_cast<std::size_t>(begin), length);
      return plain;
    }
    plain.memory = pool.take();
    const auto into = plain.memory.acquire(length);
    read_in_pieces(source, begin, into, how.stop);
    plain.bytes = into;
    return plain;
  };
  pack_chunks(count, std::uint64_t{all.empty() ? 2U : 1U} * chunk_size, packer, how, next, take);
}

/// Cuts a stream into chunks of one size. The last one is shorter, and empty if the data end with a whole one.
class stream_cutter {
 public:
  stream_cutter(sequential_source& from, std::size_t size, const std::stop_token* stop)
      : from_{from}, size_{size}, stop_{stop} {}

  std::optional<plain_chunk> next(buffer_pool& pool) {
    if (ended_) return std::nullopt;
    throw_if_stopped(stop_);
    plain_chunk plain{pool.take(), {}};
    const auto into = plain.memory.acquire(size_);
    const std::size_t got = from_.read(into);
    plain.bytes = into.first(got);
    ended_ = got < size_;
    return plain;
  }

 private:
  sequential_source& from_;
  std::size_t size_;
  const std::stop_token* stop_;
  bool ended_ = false;
};

MRCZ_INLINE header header_of(const options& wanted, std::uint64_t size, const metadata& values) {
  const auto cut = chunks_of(size, wanted.chunk_size.value_or(default_chunk_size));
  header h{.offsets = wanted.offsets.value_or(true),
           .metadata = !values.is_null(),
           .checksum = wanted.checksum.value_or(checksum::adler32),
           .typesize = static_cast<std::uint8_t>(chunk_options_of(wanted).typesize),
           .chunk_size = cut.chunk_size,
           .last_chunk = cut.last_chunk,
           .nchunks = cut.nchunks};
  if (h.offsets) h.max_app_chunks = wanted.max_app_chunks.value_or(10 * cut.nchunks);
  check(h);
  return h;
}

MRCZ_INLINE chunk_packer packer_of(const options& wanted) {
  return {chunk_options_of(wanted), wanted.checksum.value_or(checksum::adler32)};
}

MRCZ_INLINE void write_front(byte_sink& to, const header& h, const bloscpack::beginning& b,
                             std::span<const std::byte> metadata, std::span<const std::uint64_t> begins) {
  write_offsets(begins, b.offsets_size(), [&](std::uint64_t at, std::span<const std::byte> entries) {
    to.write_at(b.offsets_begin() + at, entries);
  });
  if (!metadata.empty()) to.write_at(header_size, metadata);
  to.write_at(0, encode(h));
}

MRCZ_INLINE void waiting_chunks::add(const packed_chunk& packed, const std::stop_token* stop) {
  if (packed.plain_size() == 0 && !begins_.empty()) return;  // the end of a stream
  begins_.push_back(end_);
  in_pieces(packed.bytes().size(), stop,
            [&](std::size_t at, std::size_t size) { file_.write_at(end_ + at, packed.bytes().subspan(at, size)); });
  file_.write_at(end_ + packed.bytes().size(), packed.digest().bytes());
  end_ += packed.size();
  plain_size_ += packed.plain_size();
}

MRCZ_INLINE header waiting_chunks::write(atomic_file& to, const options& wanted, const metadata& values) {
  const auto h = header_of(wanted, plain_size_, values);
  const front begin{h, values, wanted.metadata};
  const std::uint64_t data_begin = begin.beginning.data_begin();
  for (auto& chunk : begins_) chunk += data_begin;
  copy_in_pieces(to, file_source{std::move(file_)}, 0, end_, data_begin, wanted.stop);
  write_front(to, h, begin.beginning, begin.metadata, begins_);
  return h;
}

MRCZ_INLINE void copy_in_pieces(byte_sink& to, const byte_source& from, std::uint64_t offset, std::uint64_t count,
                                std::uint64_t position, const std::stop_token* stop) {
  constexpr std::uint64_t piece = std::uint64_t{64} << 20U;
  for (std::uint64_t at = 0; at < count; at += piece) {
    throw_if_stopped(stop);
    to.copy(from, offset + at, std::min(piece, count - at), position + at);
  }
}

MRCZ_INLINE void refuse_same_file(const std::filesystem::path& in, const std::filesystem::path& out) {
  std::error_code ignored;
  if (std::filesystem::equivalent(in, out, ignored))
    fail(errc::bad_option, {.path = out.string(), .found = "is the input and cannot be the output too"});
}

MRCZ_INLINE void keep_permissions(atomic_file& to, const std::filesystem::path& of) {
  file_status status;
  if (get_status(of, status)) to.limit_permissions(status.permissions);
}

}  // namespace mrcz::bloscpack::detail

namespace mrcz::bloscpack {

MRCZ_INLINE header pack(const byte_source& source, byte_sink& to, const options& wanted, const metadata& values) {
  detail::check(wanted, detail::by_pack);
  const auto h = detail::header_of(wanted, source.size(), values);
  const detail::front begin{h, values, wanted.metadata};
  std::vector<std::uint64_t> begins;
  detail::sink_in_order chunks{to, begin.beginning.data_begin()};
  detail::pack_source(source, *h.chunk_size, detail::packer_of(wanted), wanted,
                      [&](const detail::packed_chunk& packed) {
                        if (h.offsets) begins.push_back(chunks.position());
                        detail::write_chunk(chunks, packed, wanted.stop);
                      });
  detail::write_front(to, h, begin.beginning, begin.metadata, begins);
  to.publish();
  return h;
}

MRCZ_INLINE header pack_file(const std::filesystem::path& in, const std::filesystem::path& out, const options& wanted,
                             const metadata& values) {
  detail::check(wanted, detail::by_pack_file);
  const file_source source{in};
  detail::refuse_same_file(in, out);
  static_cast<void>(detail::front{detail::header_of(wanted, source.size(), values), values, wanted.metadata});
  atomic_file to{out, wanted.durability.value_or(durability::data), wanted.replace.value_or(true)};
  detail::keep_permissions(to, in);
  options rest = wanted;
  rest.durability = std::nullopt;
  rest.replace = std::nullopt;
  return pack(source, to, rest, values);
}

MRCZ_INLINE header pack_file(sequential_source& from, const std::filesystem::path& out, const options& wanted,
                             const metadata& values) {
  detail::check(wanted, detail::by_pack_file);
  if (!values.is_null()) static_cast<void>(encode_metadata(values, wanted.metadata));
  atomic_file to{out, wanted.durability.value_or(durability::data), wanted.replace.value_or(true)};
  detail::waiting_chunks waiting{to};
  const std::size_t chunk_size = wanted.chunk_size.value_or(detail::default_chunk_size);
  detail::stream_cutter cutter{from, chunk_size, wanted.stop};
  detail::pack_chunks(
      std::numeric_limits<std::uint64_t>::max(), 2 * std::uint64_t{chunk_size}, detail::packer_of(wanted), wanted,
      [&](detail::buffer_pool& pool) { return cutter.next(pool); },
      [&](const detail::packed_chunk& packed) { waiting.add(packed, wanted.stop); });
  const auto h = waiting.write(to, wanted, values);
  to.publish();
  return h;
}

MRCZ_INLINE header pack_stream(const byte_source& source, sequential_sink& to, const options& wanted,
                               const metadata& values) {
  detail::check(wanted, detail::by_pack_stream);
  options without_offsets = wanted;
  without_offsets.offsets = false;
  const auto h = detail::header_of(without_offsets, source.size(), values);
  to.write(encode(h));
  to.write(detail::front{h, values, wanted.metadata}.metadata);
  detail::pack_source(source, *h.chunk_size, detail::packer_of(wanted), wanted,
                      [&](const detail::packed_chunk& packed) { detail::write_chunk(to, packed, wanted.stop); });
  return h;
}

MRCZ_INLINE header pack_stream(sequential_source& from, sequential_sink& to, const options& wanted,
                               const metadata& values) {
  detail::check(wanted, detail::by_pack_stream);
  const std::size_t chunk_size = wanted.chunk_size.value_or(detail::default_chunk_size);
  detail::stream_cutter cutter{from, chunk_size, wanted.stop};
  detail::buffer_pool first_pool;
  std::optional<detail::plain_chunk> first = cutter.next(first_pool);
  if (first->bytes.size() < chunk_size)
    return pack_stream(memory_source{first->bytes, from.name()}, to, wanted, values);
  options without_offsets = wanted;
  without_offsets.offsets = false;
  auto h = detail::header_of(without_offsets, chunk_size, values);
  h.last_chunk = std::nullopt;
  h.nchunks = std::nullopt;
  to.write(encode(h));
  to.write(detail::front{h, values, wanted.metadata}.metadata);
  detail::pack_chunks(
      std::numeric_limits<std::uint64_t>::max(), 2 * std::uint64_t{chunk_size}, detail::packer_of(wanted), wanted,
      [&](detail::buffer_pool& pool) { return first ? std::exchange(first, std::nullopt) : cutter.next(pool); },
      [&](const detail::packed_chunk& packed) { detail::write_chunk(to, packed, wanted.stop); });
  return h;
}

}  // namespace mrcz::bloscpack
