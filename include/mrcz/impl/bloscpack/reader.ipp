/// Reading, verifying and decompressing chunks in parallel.
#pragma once

#include "mrcz/bloscpack/reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "mrcz/bloscpack/chunk.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/undone_file.hpp"

namespace mrcz::bloscpack {

template <class Action>
std::invoke_result_t<Action&, const detail::chunk_place&> reader::in_chunk(std::uint64_t chunk, Action&& action) const {
  if (chunk >= nchunks())
    detail::fail(errc::out_of_range,
                 {.path = name(), .found = detail::text("chunk {} was asked for, but there are {}", chunk, nchunks())});
  const detail::chunk_place place = chunks_[chunk];
  return detail::with_context(name(),
                              [&] { return detail::with_chunk(chunk, place.begin, [&] { return action(place); }); });
}

template <class Result>
void reader::for_each_chunk(detail::function_ref<Result(std::uint64_t chunk, std::size_t threads)> make,
                            detail::function_ref<void(Result&&)> take) const {
  const auto work = share(nchunks());
  std::uint64_t next = 0;
  detail::parallel_pipeline<std::uint64_t, Result>(
      work.threads, [&] { return next < nchunks() ? std::optional{next++} : std::nullopt; },
      [&](std::uint64_t&& chunk) {
        detail::throw_if_stopped(options_.stop);
        auto made = make(chunk, work.threads_each);
        if (options_.progress != nullptr) options_.progress->fetch_add(chunks_[chunk].plain_size);
        return made;
      },
      take, detail::asked::by_any_thread, work.chunks);
}

MRCZ_INLINE detail::shared_work reader::share(std::uint64_t count) const noexcept {
  return detail::share(options_, count, 2 * std::uint64_t{chunks_.chunk_size()});
}

MRCZ_INLINE reader::reader(const std::filesystem::path& path, bloscpack::options options)
    : reader{mrcz::detail::open_undone(path), options} {}

MRCZ_INLINE reader::reader(std::shared_ptr<const byte_source> source, bloscpack::options options)
    : reader{std::move(source), options, true} {}

MRCZ_INLINE bloscpack::metadata reader::metadata() const {
  if (!beginning_.metadata) return nullptr;
  return detail::with_context(name(), [&] { return read_metadata(*source_, beginning_); });
}

MRCZ_INLINE mrcz::detail::chunk_header reader::chunk_header(std::uint64_t chunk) const {
  return in_chunk(chunk, [&](const detail::chunk_place& place) { return checked_header(place, chunk); });
}

MRCZ_INLINE void reader::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > size() || into.size() > size() - offset)
    detail::fail(errc::truncated, {.path = name(),
                                   .found = detail::text("holds {} bytes, but {} bytes at byte {} were asked for",
                                                         size(), into.size(), offset)});
  if (into.empty()) return;
  const std::uint64_t first = chunks_.chunk_with(offset);
  const auto count = static_cast<std::size_t>(chunks_.chunk_with(offset + into.size() - 1) - first + 1);
  const auto work = share(count < 4 ? 1 : count / 2);
  detail::parallel_for(count, work.threads, [&](std::size_t i, std::size_t) {
    const auto place = chunks_[first + i];
    const std::uint64_t from = std::max(place.plain_begin, offset);
    const std::uint64_t end = std::min(place.plain_begin + place.plain_size, offset + into.size());
    if (from >= end) return;  // an empty chunk
    read_part(first + i, static_cast<std::size_t>(from - place.plain_begin),
              into.subspan(static_cast<std::size_t>(from - offset), static_cast<std::size_t>(end - from)),
              work.threads_each);
  });
}

MRCZ_INLINE void reader::unpack(sequential_sink& to) const {
  if (const auto walked = without_wrong_offsets()) return walked->unpack(to);
  for_each_chunk<unpacked>(
      [&](std::uint64_t chunk, std::size_t threads) {
        return unpacked{unpack_whole(chunk, threads), chunks_[chunk].plain_size};
      },
      [&](unpacked&& done) {
        detail::write_in_pieces(to, done.plain.acquire(done.size), options_.stop);
        pool_.give_back(std::move(done.plain));
      });
}

MRCZ_INLINE void reader::unpack(atomic_file& to) const {
  if (const auto walked = without_wrong_offsets()) return walked->unpack(to);
  for_each_chunk<nothing>(
      [&](std::uint64_t chunk, std::size_t threads) {
        detail::buffer plain = unpack_whole(chunk, threads);
        const auto place = chunks_[chunk];
        detail::write_in_pieces(to, place.plain_begin, plain.acquire(place.plain_size), options_.stop);
        pool_.give_back(std::move(plain));
        return nothing{};
      },
      [](nothing) {});
}

MRCZ_INLINE std::vector<damage> reader::verify(std::size_t limit) const {
  if (const auto walked = without_wrong_offsets()) return walked->verify(limit);
  std::vector<damage> found;
  const auto message_of = [&](auto&& action) -> std::optional<std::string> {
    try {
      action();
      return std::nullopt;
    } catch (const error& e) {
      if (e.code() == errc::stopped) throw;
      return std::string{e.message()};
    }
  };
  const auto note = [&](std::optional<std::uint64_t> chunk, std::optional<std::string>&& message) {
    if (message && found.size() < limit) found.push_back({chunk, std::move(*message)});
  };
  note(std::nullopt, message_of([&] { static_cast<void>(metadata()); }));
  detail::compare_offsets(*source_, beginning_, chunks_.begins(), [&](auto entry, auto value, auto expected) {
    note(entry < nchunks() ? std::optional{entry} : std::nullopt,
         fmt::format("offset {} is {}, expected {}", entry, value, expected));
  });
  std::uint64_t next = 0;
  for_each_chunk<std::optional<std::string>>(
      [&](std::uint64_t chunk, std::size_t threads) {
        return message_of([&] { pool_.give_back(unpack_whole(chunk, threads)); });
      },
      [&](std::optional<std::string>&& message) { note(next++, std::move(message)); });
  return found;
}

MRCZ_INLINE void reader::require_plausible() const {
  for (std::uint64_t chunk = 0; chunk < nchunks(); ++chunk) {
    detail::throw_if_stopped(options_.stop);
    static_cast<void>(chunk_header(chunk));
  }
}

MRCZ_INLINE std::span<const std::byte> reader::read_packed(std::uint64_t chunk, detail::buffer& memory) const {
  return in_chunk(chunk, [&](const detail::chunk_place& place) { return load(place, chunk, memory); });
}

MRCZ_INLINE void reader::read_chunk(std::uint64_t chunk, std::span<std::byte> into, detail::buffer& packed,
                                    std::size_t threads) const {
  require_neighbour(chunk);
  in_chunk(chunk, [&](const detail::chunk_place& place) { unpack_into(load(place, chunk, packed), into, threads); });
}

MRCZ_INLINE reader::reader(std::shared_ptr<const byte_source> source, const bloscpack::options& options,
                           bool believe_offsets)
    : source_{std::move(source)},
      options_{options},
      beginning_{detail::with_context(name(),
                                      [&] {
                                        detail::check(options_, detail::by_reader);
                                        return beginning_of(*source_);
                                      })},
      chunks_{detail::with_context(
          name(), [&] { return detail::chunk_table{*source_, beginning_, believe_offsets, options_.stop}; })},
      cache_{options_.cache_bytes.value_or(detail::default_cache_bytes)} {}

MRCZ_INLINE std::unique_ptr<const reader> reader::without_wrong_offsets() const {
  if (!chunks_.from_offsets()) return nullptr;
  try {
    require_plausible();
    return nullptr;
  } catch (const error& e) {  // the offsets or the chunks are wrong
    if (e.code() == errc::stopped) throw;
    try {
      return std::unique_ptr<const reader>{new reader{source_, options_, false}};
    } catch (const error&) {
      return nullptr;
    }
  }
}

MRCZ_INLINE mrcz::detail::chunk_header reader::checked_header(const detail::chunk_place& place,
                                                              std::uint64_t chunk) const {
  std::array<std::byte, mrcz::detail::chunk_header::size> bytes;
  source_->read_at(place.begin, bytes);
  const auto found = detail::decode_chunk_header(bytes, place.plain_size, chunks_.chunk_size());
  const std::uint64_t end = place.begin + found.packed_bytes + digest_size(header().checksum);
  if (end > place.end && chunk + 1 == nchunks())
    detail::fail(errc::truncated, "file ends at byte {}, but the chunk ends at byte {}", place.end, end);
  if (end != place.end && chunk + 1 != nchunks())
    detail::fail(errc::bad_chunk, "chunk ends at byte {}, but the next one begins at byte {}", end, place.end);
  return found;
}

MRCZ_INLINE std::span<const std::byte> reader::load(const detail::chunk_place& place, std::uint64_t chunk,
                                                    detail::buffer& memory) const {
  const auto size = checked_header(place, chunk).packed_bytes + digest_size(header().checksum);
  if (const auto all = source_->in_memory(); !all.empty())
    return all.subspan(static_cast<std::size_t>(place.begin), size);
  const auto into = memory.acquire(size);
  detail::read_in_pieces(*source_, place.begin, into, options_.stop);
  return into;
}

MRCZ_INLINE void reader::unpack_into(std::span<const std::byte> packed, std::span<std::byte> into,
                                     std::size_t threads) const {
  const std::size_t size = packed.size() - digest_size(header().checksum);
  detail::unpack_chunk(packed.first(size), header().checksum, packed.subspan(size), into, {threads, options_.stop});
}

MRCZ_INLINE detail::buffer reader::unpack_whole(std::uint64_t chunk, std::size_t threads) const {
  detail::buffer packed = pool_.take();
  detail::buffer plain = pool_.take();
  in_chunk(chunk, [&](const detail::chunk_place& place) {
    const auto bytes = load(place, chunk, packed);
    unpack_into(bytes, plain.acquire(place.plain_size), threads);
  });
  pool_.give_back(std::move(packed));
  return plain;
}

MRCZ_INLINE void reader::read_part(std::uint64_t chunk, std::size_t first, std::span<std::byte> into,
                                   std::size_t threads) const {
  if (into.size() == chunks_[chunk].plain_size) {
    if (cache_.copy(chunk, first, into)) return;
    detail::buffer packed = pool_.take();
    read_chunk(chunk, into, packed, threads);
    pool_.give_back(std::move(packed));
    return;
  }
  if (cache_.copy(chunk, first, into)) return;
  require_neighbour(chunk);
  const std::size_t size = chunks_[chunk].plain_size;
  cache_.make_room(size);
  auto plain = std::make_shared<detail::buffer>(unpack_whole(chunk, threads));
  std::memcpy(into.data(), plain->acquire(size).data() + first, into.size());
  cache_.keep(chunk, std::move(plain), size);
}

MRCZ_INLINE void reader::require_neighbour(std::uint64_t chunk) const {
  if (!chunks_.from_offsets() || chunk == 0) return;
  static_cast<void>(chunk_header(chunk - 1));
}

namespace detail {

MRCZ_INLINE std::unique_ptr<const byte_source> open_content(std::shared_ptr<const byte_source> packed) {
  const bloscpack::options one_thread{.threads = 1};
  if (const auto* const opened = dynamic_cast<const file_source*>(packed.get()))
    return std::make_unique<reader>(opened->opened().path(), one_thread);  // as it was before a change that runs
  return std::make_unique<reader>(std::move(packed), one_thread);
}

}  // namespace detail

}  // namespace mrcz::bloscpack
