/// Ending a call early because its caller asks for it.
#pragma once

#include <stop_token>

#include "mrcz/core/error.hpp"

namespace mrcz {

/// Throws `errc::stopped` once a stop has been requested. Null means that nobody will. Called between slices, so a call
/// ends within the time of one slice per thread.
inline void throw_if_stopped(const std::stop_token* stop) {
  if (stop != nullptr && stop->stop_requested()) fail(errc::stopped, "stopped, as the caller asked");
}

}  // namespace mrcz
