/// Ending a call early.
#pragma once

#include "mrcz/core/stop.hpp"

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE void throw_if_stopped(const std::stop_token* stop) {
  if (stop != nullptr && stop->stop_requested()) fail(errc::stopped, "stopped, as the caller asked");
}

}  // namespace mrcz::detail
