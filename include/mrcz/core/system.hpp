/// Functions for memory and processors that differ between operating systems. `io/system.hpp` has those for files. No
/// other header depends on the system for which it is compiled.
#pragma once

#include <cstddef>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// Whether registers of 32 bytes can be saved on the stack. g++ does not align the stack of Windows for them.
#if defined(_WIN32) && !defined(__clang__)
inline constexpr bool aligns_wide_registers = false;
#else
inline constexpr bool aligns_wide_registers = true;
#endif

/// Advises Linux to use large pages for the `count` bytes at `first`, which are a whole number of large pages. Does
/// nothing on other systems.
MRCZ_INLINE void advise_huge(std::byte* first, std::size_t count) noexcept;

/// Makes Linux, from 5.14 on, provide the pages of the `count` bytes at `first` immediately. Does nothing on other
/// systems.
MRCZ_INLINE void populate(std::byte* first, std::size_t count) noexcept;

/// The number of processors on which the system lets this thread run, at least 1. On systems other than Linux this is
/// the number of all processors.
MRCZ_INLINE std::size_t allowed_processors() noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/core/system.ipp"
#endif
