#pragma once

#include <mrcz/mrcz.hpp>

/// How many slices a file has.
std::size_t slices_of(const mrcz::reader& in);
