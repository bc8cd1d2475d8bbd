/// How much may wait between an asynchronous operation and the file, and which threads do the work.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>

#include "mrcz/async/asio.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/ordered_window.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

/// How much may wait to be written before `append` itself waits, or is read before `next` asks for it. One slice always
/// has room, however large.
struct window {
  std::optional<std::size_t> slices = std::nullopt;  ///< not stated: one per processor and two more
  std::optional<std::size_t> bytes =
      std::nullopt;  ///< of voxels in memory or as stored in the mode, whichever are more; not stated: 1 GiB
  const asio::any_io_executor* disk =
      nullptr;  ///< creates, writes, syncs and removes the file, so that a slow disk does not stop the packing; not
                ///< stated: the workers do so. It is copied. A reader ignores it.
};
static_assert(std::is_trivially_destructible_v<window>, "options are used inside co_await (g++ 12)");

namespace detail {

/// Throws `errc::bad_option` for a window of 0 slices or 0 bytes.
inline window_limits limits_of(const window& wanted) {
  if (wanted.slices == 0U || wanted.bytes == 0U)
    fail_expected(errc::bad_option, text("window has no {}", wanted.slices == 0U ? "slices" : "bytes"), "at least 1");
  return {.items = wanted.slices.value_or(thread_count(std::nullopt) + 2),
          .bytes = wanted.bytes.value_or(std::size_t{1} << 30U)};
}

}  // namespace detail

}  // namespace mrcz::async::inline MRCZ_ASIO
