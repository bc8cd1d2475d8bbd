/// Decompresses what lz4 and lz4hc compressed, without c-blosc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail::inline MRCZ_CODECS {

/// Whether the program is compiled with lz4.
MRCZ_INLINE bool has_lz4() noexcept;

/// The version of the lz4 in use, such as 1.9.4; empty in a program that is compiled without lz4.
MRCZ_INLINE std::string_view lz4_version() noexcept;

/// Decompresses one block of lz4. Returns false unless it has exactly `into.size()` bytes, fewer than 2 GiB; the
/// content of `into` is then undefined.
MRCZ_INLINE bool decompress_lz4(std::span<const std::byte> from, std::span<std::byte> into) noexcept;

}  // namespace mrcz::detail::inline MRCZ_CODECS

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/lz4.ipp"
#endif
