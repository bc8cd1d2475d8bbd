/// Definitions of `io/packed.hpp`.
#pragma once

#include "mrcz/io/packed.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "mrcz/codec/stream_encoder.hpp"
#include "mrcz/codec/zlib.hpp"
#include "mrcz/codec/zstd.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/spool.hpp"

namespace mrcz::detail {

MRCZ_INLINE unpacked_stream::unpacked_stream(sequential_source& packed, packing how, bool incomplete)
    : packed_{&packed},
      how_{how},
      incomplete_{incomplete},
      decoder_{with_context(packed.name(), [&] { return decoder_for(how); })},
      input_(std::size_t{64} << 10U) {}

MRCZ_INLINE std::size_t unpacked_stream::read(std::span<std::byte> into) {
  std::size_t made = 0;
  while (made < into.size()) {
    if (waiting_.empty() && !ended_) {
      const std::size_t count = packed_->read(input_);
      waiting_ = std::span{input_}.first(count);
      ended_ = count < input_.size();
    }
    const auto piece = decoder_->decode(waiting_, into.subspan(made));
    waiting_ = waiting_.subspan(piece.taken);
    taken_ += piece.taken;
    made += piece.made;
    if (piece.damage != nullptr) fail_after(made, errc::bad_packing, "are damaged", piece.damage);
    if (piece.taken > 0 || piece.made > 0) continue;
    if (!waiting_.empty()) fail_after(made, errc::bad_packing, "are damaged", "they lead nowhere");
    if (!ended_) continue;
    if (!decoder_->may_end() && !incomplete_) fail_after(made, errc::truncated, "end", "they were cut off");
    break;
  }
  made_ += made;
  return made;
}

MRCZ_INLINE void unpacked_stream::fail_after(std::size_t made, errc code, const char* what, const char* reason) const {
  fail(code,
       {.path = name(),
        .byte = taken_,
        .found = text("the data of {} {} after {} unpacked bytes: {}", name_of(how_), what, made_ + made, reason)});
}

/// A part of a member of gzip.
struct gzip_part {
  std::vector<std::byte> packed;
  std::size_t plain_bytes;
  std::uint32_t crc;
};

/// Makes one member of gzip. Its parts are compressed in parallel.
MRCZ_INLINE void pack_gzip(const byte_source& from, std::size_t threads, const std::stop_token* stop,
                           sequential_sink& to) {
  constexpr int level = 6;
  constexpr std::uint64_t part_bytes = std::uint64_t{1} << 20U;
  constexpr std::array<unsigned char, 10> header{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};  // no name, no time, any system
  const std::uint64_t size = from.size();
  std::uint64_t next_at = 0;
  bool more = true;
  const auto next = [&]() -> std::optional<std::uint64_t> {
    if (!more) return std::nullopt;
    more = size - next_at > part_bytes;
    return std::exchange(next_at, next_at + part_bytes);
  };
  const auto make = [&](std::uint64_t&& at) {
    throw_if_stopped(stop);
    std::vector<std::byte> plain(static_cast<std::size_t>(std::min(size - at, part_bytes)));
    from.read_at(at, plain);
    return gzip_part{deflated_part(plain, level, at + plain.size() == size), plain.size(), crc32_of(plain)};
  };
  std::uint32_t crc = crc32_of({});
  const auto take = [&](gzip_part&& part) {
    to.write(part.packed);
    crc = crc32_of_both(crc, part.crc, part.plain_bytes);
  };
  to.write(std::as_bytes(std::span{header}));
  parallel_pipeline<std::uint64_t, gzip_part>(threads, next, make, take);
  std::array<std::byte, 8> trailer;
  store(trailer.data(), crc, std::endian::little);
  store(trailer.data() + 4, static_cast<std::uint32_t>(size & UINT32_MAX), std::endian::little);
  to.write(trailer);
}

MRCZ_INLINE void pack_with(stream_encoder* encoder, const byte_source& from, const std::stop_token* stop,
                           sequential_sink& to) {
  constexpr std::uint64_t most_at_once = std::uint64_t{1} << 20U;
  std::vector<std::byte> plain;
  std::vector<std::byte> packed(encoder != nullptr ? most_at_once : 0);
  std::uint64_t at = 0;
  do {
    throw_if_stopped(stop);
    plain.resize(static_cast<std::size_t>(std::min(from.size() - at, most_at_once)));
    from.read_at(at, plain);
    at += plain.size();
    if (encoder == nullptr) {
      to.write(plain);
      continue;
    }
    const bool last = at == from.size();
    std::span<const std::byte> waiting{plain};
    for (bool ended = false; !waiting.empty() || (last && !ended);) {
      const auto piece = encoder->encode(waiting, last, packed);
      waiting = waiting.subspan(piece.taken);
      to.write(std::span{packed}.first(piece.made));
      ended = piece.ended;
    }
  } while (at < from.size());
}

MRCZ_INLINE void pack(const byte_source& from, packing how, std::size_t threads, const std::stop_token* stop,
                      sequential_sink& to) {
  constexpr int level_of_zstd = 3;
  require_writable(how);
  if (how == packing::gzip) pack_gzip(from, threads, stop, to);
  else if (how == packing::none) pack_with(nullptr, from, stop, to);
  else pack_with(make_zstd_encoder(level_of_zstd, from.size(), threads).get(), from, stop, to);
}

MRCZ_INLINE void require_writable(packing how) {
  if (how == packing::zstd && !has_zstd())
    fail(errc::codec_unavailable,
         "packing is zstd, but this program was compiled without zstd of its own (MRCZ_ONLY_BLOSC)");
  if (how == packing::bzip2 || how == packing::xz)
    fail_expected(errc::bad_option, text("packing is {}, which is only read", name_of(how)), "gzip or zstd");
  if (name_of(how).empty()) fail(errc::bad_option, "packing {} is unknown", static_cast<unsigned>(how));
}

MRCZ_INLINE packed_sink::packed_sink(std::unique_ptr<byte_sink> to, packing how, std::size_t threads,
                                     const std::stop_token* stop)
    : to_{std::move(to)}, how_{how}, threads_{threads}, stop_{stop}, plain_{[&] {
        const auto* const atomic = dynamic_cast<const atomic_file*>(to_.get());
        return atomic != nullptr ? atomic->scratch() : scratch_file(to_->name());
      }()} {
  require_writable(how);
}

MRCZ_INLINE void packed_sink::publish() {
  const file_source plain{std::move(plain_)};
  sink_in_order packed{*to_};
  pack(plain, how_, threads_, stop_, packed);
  to_->publish();
}

}  // namespace mrcz::detail
