/// Which byte order the numbers of a header have: decided by what they would mean, with the machine stamp as a
/// tie-break.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// Each of MODE, MAPC/MAPR/MAPS, the extents, NVERSION, NSYMBT and the file size votes for an order in which it makes
/// sense, unless it makes sense in both. When they agree the stamp does not matter; when they do not, it votes too.
MRCZ_INLINE std::endian vote_byte_order(std::span<const std::byte, header_size> bytes,
                                        std::uint64_t file_size) noexcept;

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/byte_order.ipp"
#endif
