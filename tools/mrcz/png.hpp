/// Grey pictures as PNG, by libpng.
#pragma once

#include <cstddef>
#include <vector>

#include "picture.hpp"

namespace png {

/// Whether the program was compiled with libpng.
bool is_available();

/// The bytes of a file with 8 bits per pixel. Throws `std::runtime_error` with libpng's message.
std::vector<std::byte> encoded(const picture::greys& pixels);

}  // namespace png
