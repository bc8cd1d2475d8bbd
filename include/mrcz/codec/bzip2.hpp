/// Decompresses the files of bzip2, if MRCZ_BZIP2 is defined.
#pragma once

#include <memory>

#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::detail {

/// A decoder of bzip2's streams; null if the program is compiled without libbz2. As bzip2 does, it ignores what follows
/// the last stream and begins none.
MRCZ_INLINE std::unique_ptr<stream_decoder> make_bzip2_decoder();

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/codec/bzip2.ipp"
#endif
