/// c-blosc2 beside us. Its header contradicts that of c-blosc, so only blosc2.cpp includes it.
#pragma once

#include <cstddef>
#include <span>

namespace benchmark {

/// Whether CMake found c-blosc2.
bool has_blosc2();

/// Decompresses a chunk on one thread. Does nothing without c-blosc2.
void decompress_with_blosc2(std::span<const std::byte> chunk, std::span<std::byte> into);

}  // namespace benchmark
