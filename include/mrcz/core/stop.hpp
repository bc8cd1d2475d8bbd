/// Ending a call early because its caller asks for it.
#pragma once

#include <stop_token>

#include "mrcz/core/linkage.hpp"

namespace mrcz {

/// Throws `errc::stopped` once a stop has been requested. Null means that nobody will. Called between slices, so a call
/// ends within the time of one slice per thread.
MRCZ_INLINE void throw_if_stopped(const std::stop_token* stop);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/stop.ipp"
#endif
