/// The power spectrum of an image, by kissfft.
#pragma once

#include "mrcz/array/array.hpp"

/// Whether the program was compiled with kissfft.
bool has_power_spectrum();

/// The logarithm of the power of each frequency. Frequency zero is in the middle, at (rows / 2, columns / 2). Voxels
/// that are not finite count as zero.
mrcz::image<float> power_spectrum(const mrcz::image<float>& of);
