/// Which options are legal, and how the work is shared.
#pragma once

#include "mrcz/bloscpack/options.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::bloscpack::detail {

/// Throws for options that are stated and not taken.
MRCZ_INLINE void refuse_others(const options& wanted, const taken& by) {
  const bool metadata =
      wanted.metadata.checksum || wanted.metadata.level || wanted.metadata.max_meta_size || wanted.metadata.no_reserve;
  const struct {
    std::string_view name;
    bool stated;
    bool taken;
  } all[] = {
      {"codec", wanted.codec.has_value(), by.compression},
      {"level", wanted.level.has_value(), by.compression},
      {"shuffle", wanted.shuffle.has_value(), by.compression},
      {"typesize", wanted.typesize.has_value(), by.compression},
      {"chunk_size", wanted.chunk_size.has_value(), by.layout},
      {"checksum", wanted.checksum.has_value(), by.layout},
      {"metadata", metadata, by.layout},
      {"offsets", wanted.offsets.value_or(false), by.offsets || !by.layout},
      {"offsets", wanted.offsets.has_value(), by.layout},
      {"max_app_chunks", wanted.max_app_chunks.value_or(by.layout ? 0 : 1) != 0 && wanted.max_app_chunks, by.offsets},
      {"durability", wanted.durability.has_value(), by.durability},
      {"replace", wanted.replace.has_value(), by.replace},
      {"cache_bytes", wanted.cache_bytes.has_value(), by.cache}};
  for (const auto& option : all) {
    if (!option.stated || option.taken) continue;
    const bool stream = by.layout && !by.offsets && (option.name == "offsets" || option.name == "max_app_chunks");
    fail(errc::bad_option, "the option {} is stated, but {}", option.name,
         stream ? "a stream has no offsets" : "this call does not take it");
  }
}

MRCZ_INLINE void check(const options& wanted, const taken& by) {
  refuse_others(wanted, by);
  check(chunk_options_of(wanted));
  static_cast<void>(chunks_of(1, wanted.chunk_size.value_or(default_chunk_size)));
  for (const auto c : {wanted.checksum, wanted.metadata.checksum}) {
    if (!c) continue;
    if (name_of(*c).empty()) fail(errc::bad_option, "checksum {} is unknown", static_cast<unsigned>(*c));
    static_cast<void>(digest_of(*c, {}));  // this OpenSSL may refuse it
  }
  check(wanted.metadata);
  if (!wanted.offsets.value_or(true) && wanted.max_app_chunks.value_or(0) != 0)
    fail(errc::bad_option, "max_app_chunks is {}, but without offsets no room is reserved", *wanted.max_app_chunks);
  if (wanted.durability.value_or(durability::data) > durability::full)
    fail(errc::bad_option, "durability {} is unknown", static_cast<unsigned>(*wanted.durability));
  if (wanted.threads == 0U) fail_expected(errc::bad_option, "threads is 0", "at least 1");
}

MRCZ_INLINE chunk_options chunk_options_of(const options& from, chunk_options otherwise) noexcept {
  return {.codec = from.codec.value_or(otherwise.codec),
          .level = from.level.value_or(otherwise.level),
          .shuffle = from.shuffle.value_or(otherwise.shuffle),
          .typesize = from.typesize.value_or(otherwise.typesize)};
}

MRCZ_INLINE options work_of(const options& from) noexcept {
  return {.threads = from.threads, .memory = from.memory, .stop = from.stop, .progress = from.progress};
}

MRCZ_INLINE shared_work share(const options& how, std::uint64_t count, std::uint64_t bytes_each) noexcept {
  const std::size_t threads = thread_count(how.threads);
  const std::uint64_t memory = how.memory.value_or(default_memory);
  shared_work work;
  work.chunks =
      static_cast<std::size_t>(std::clamp<std::uint64_t>(memory / (bytes_each + thread_memory), 1, threads + 2));
  const std::uint64_t at_once = std::clamp<std::uint64_t>(count, 1, work.chunks);
  work.threads = static_cast<std::size_t>(std::min<std::uint64_t>(threads, at_once));
  const std::uint64_t for_threads = std::max(memory, at_once * bytes_each) - at_once * bytes_each + additional_memory;
  const auto all = static_cast<std::size_t>(std::min<std::uint64_t>(threads, for_threads / thread_memory));
  work.threads_each = std::max<std::size_t>(all / work.threads, 1);
  return work;
}

}  // namespace mrcz::bloscpack::detail
