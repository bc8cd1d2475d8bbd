/// Recognises what a file is if it is not MRC, so that the error can say what to do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// What a file is instead of MRC.
struct other_format {
  std::string what;    ///< "a file that gzip packed"
  std::string remedy;  ///< "unpack it first, for instance with gzip -d"
};

/// Recognises a file of `file_size` bytes by its first 1024 bytes, or fewer if it is shorter. Nothing if it has the MAP
/// of an MRC file, or if nothing is known about it. Ask only about files that cannot be read: an old MRC file has no
/// MAP.
MRCZ_INLINE std::optional<other_format> recognise(std::span<const std::byte> beginning, std::uint64_t file_size);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/other_format.ipp"
#endif
