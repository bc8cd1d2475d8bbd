/// The default behaviour of sinks.
#pragma once

#include "mrcz/io/byte_sink.hpp"

#include "mrcz/core/linkage.hpp"
#include "mrcz/io/copy.hpp"

namespace mrcz {

MRCZ_INLINE void byte_sink::copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to) {
  detail::copy_in_pieces(from, offset, count, *this, to);
}

}  // namespace mrcz
