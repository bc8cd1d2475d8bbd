/// Checks the options of compression.
#pragma once

#include "mrcz/codec/codec.hpp"

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
}

}  // namespace mrcz::detail
