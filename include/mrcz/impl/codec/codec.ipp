/// Checks the options of compression.
#pragma once

#include "mrcz/codec/codec.hpp"

#include "mrcz/codec/zstd.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE void check(const compression& wanted) {
  if (wanted.codec && name_of(*wanted.codec).empty())
    fail(errc::bad_option, "codec {} is unknown", static_cast<std::int32_t>(*wanted.codec));
  if (wanted.level < 0 || wanted.level > 9)
    fail_expected(errc::bad_option, text("level is {}", wanted.level), "0 to 9");
  if (name_of(wanted.shuffle).empty())
    fail(errc::bad_option, "shuffle {} is unknown", static_cast<unsigned>(wanted.shuffle));
  constexpr std::size_t limit = 0x7fffffff;
  if (wanted.block_size.value_or(0) != 0 && (*wanted.block_size < 128 || *wanted.block_size > limit))
    fail_expected(errc::bad_option, text("block_size is {}", *wanted.block_size), text("128 to {} bytes or 0", limit));
  if (!wanted.planes) return;
  if (const auto c = wanted.codec.value_or(codec::zstd); c != codec::zstd)
    fail(errc::bad_option, "planes is true for codec {}; only zstd ends its blocks at planes of bits", name_of(c));
  if (wanted.shuffle != shuffle::bit)
    fail(errc::bad_option, "planes is true for shuffle {}; only bit makes planes of bits", name_of(wanted.shuffle));
  if (wanted.block_size == 0U)
    fail(errc::bad_option, "planes is true for block_size 0, but c-blosc, which would choose it, has no part in it");
  if (!has_zstd())
    fail(errc::bad_option, "planes is true, but this program was compiled without zstd of its own (MRCZ_ONLY_BLOSC)");
}

}  // namespace mrcz::detail
