/// Finds the byte order of the numbers in a header from their meaning in each order. The machine stamp breaks ties.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz::detail {

/// Each of MODE, MAPC/MAPR/MAPS, the extents, NVERSION, NSYMBT and the file size votes for the byte order in which it
/// makes sense. It does not vote if it makes sense in both orders or in neither. If all votes agree, the stamp does not
/// matter; otherwise the stamp votes too.
MRCZ_INLINE std::endian vote_byte_order(std::span<const std::byte, header_size> bytes,
                                        std::uint64_t file_size) noexcept;

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/byte_order.ipp"
#endif
