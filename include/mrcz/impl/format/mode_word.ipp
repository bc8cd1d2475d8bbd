/// Throws for a MODE word that means nothing.
#pragma once

#include "mrcz/format/mode_word.hpp"

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

MRCZ_INLINE mode_word require_mode_word(std::int32_t word) {
  const auto found = decode_mode_word(word);
  if (word == imods_rgb)
    fail(errc::bad_mode,
         {.byte = 12,
          .found = text("MODE is {}, that of IMOD's colour images (RGB), which are no voxels of MRC", word),
          .remark = "IMOD's program clip splitrgb writes red, green and blue to files of their own"});
  if (!found)
    fail(errc::bad_mode,
         {.byte = 12, .found = text("MODE is {}, which is no voxel type of MRC or MRCZ that can be read", word)});
  return *found;
}

}  // namespace mrcz::detail
