/// Ends a call early when its caller requests it.
#pragma once

#include <stop_token>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// Throws `errc::stopped` if a stop has been requested. Null means that no stop is ever requested. The library calls
/// this between slices, so a call ends after each thread has finished at most one more slice.
MRCZ_INLINE void throw_if_stopped(const std::stop_token* stop);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/stop.ipp"
#endif
