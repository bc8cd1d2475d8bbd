/// How many slices may wait between the coroutine that appends them and the file.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "mrcz/core/error.hpp"

namespace mrcz::async {

/// How much may wait to be written before `append` itself waits. One slice is always admitted, however large.
struct window {
  std::optional<std::size_t> slices = std::nullopt;  ///< not stated: one per processor and two more
  std::optional<std::size_t> bytes =
      std::nullopt;  ///< of voxels as appended or as stored in the mode, whichever are more; not stated: 1 GiB
};
static_assert(std::is_trivially_destructible_v<window>, "options are used inside co_await (g++ 12)");

namespace detail {

/// Throws `errc::bad_option` for a window of 0 slices or 0 bytes.
inline void check(const window& wanted) {
  if (wanted.slices == 0U || wanted.bytes == 0U)
    fail_expected(errc::bad_option, text("window has no {}", wanted.slices == 0U ? "slices" : "bytes"), "at least 1");
}

}  // namespace detail

}  // namespace mrcz::async
