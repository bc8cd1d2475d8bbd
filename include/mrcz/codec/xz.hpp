/// Decompresses the files of xz, if MRCZ_XZ is defined.
#pragma once

#include <memory>

#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// A decoder of xz's streams and the zeros between them; null if the program is compiled without liblzma. A stream that
/// needs more than 256 MiB of memory counts as damaged; `xz -9` needs 65 MiB.
MRCZ_INLINE std::unique_ptr<stream_decoder> make_xz_decoder();

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/xz.ipp"
#endif
