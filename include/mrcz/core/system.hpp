/// What differs between operating systems in memory and processors. For files there is `io/system.hpp`; no other header
/// asks which system it is compiled for.
#pragma once

#include <cstddef>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// Tells the system that large pages suit `count` bytes at `first`, a whole number of them. Linux only.
MRCZ_INLINE void advise_huge(std::byte* first, std::size_t count) noexcept;

/// Has the system provide the pages of `count` bytes at `first` now. Linux from 5.14 on.
MRCZ_INLINE void populate(std::byte* first, std::size_t count) noexcept;

/// Processors on which the system lets this thread run, at least 1. Elsewhere than on Linux, all that there are.
MRCZ_INLINE std::size_t allowed_processors() noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/system.ipp"
#endif
