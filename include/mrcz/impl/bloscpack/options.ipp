/// Which options are legal.
#pragma once

#include "mrcz/bloscpack/options.hpp"

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack::detail {

MRCZ_INLINE void check_running(mrcz::durability durability, std::optional<std::size_t> threads) {
  if (durability > mrcz::durability::full)
    fail(errc::bad_option, "durability {} is unknown", static_cast<unsigned>(durability));
  if (threads == 0U) fail_expected(errc::bad_option, "threads is 0", "at least 1");
}

MRCZ_INLINE void check(const pack_options& wanted) {
  check(chunk_options_of(wanted));
  static_cast<void>(chunks_of(1, wanted.chunk_size));
  for (const checksum c : {wanted.checksum, wanted.metadata.checksum}) {
    if (name_of(c).empty()) fail(errc::bad_option, "checksum {} is unknown", static_cast<unsigned>(c));
    static_cast<void>(digest_of(c, {}));  // this OpenSSL may refuse it
  }
  if (wanted.metadata.level < 1 || wanted.metadata.level > 9)
    fail_expected(errc::bad_option, text("level of the metadata is {}", wanted.metadata.level), "1 to 9");
  if (!wanted.offsets && wanted.max_app_chunks.value_or(0) != 0)
    fail(errc::bad_option, "max_app_chunks is {}, but without offsets no room is reserved", *wanted.max_app_chunks);
  detail::check_running(wanted.durability, wanted.threads);
}

MRCZ_INLINE void check(const unpack_options& wanted) { detail::check_running(wanted.durability, wanted.threads); }

MRCZ_INLINE void check(const append_options& wanted) {
  check(chunk_options_of(wanted));
  detail::check_running(wanted.durability, wanted.threads);
}

}  // namespace mrcz::bloscpack::detail
