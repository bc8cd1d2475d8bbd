/// From voxels to grey pixels. The first row of voxels is at the bottom; the first row of a picture is at its top.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mrcz/array/array.hpp"

namespace picture {

/// Grey values, 0 black to 255 white; the first row is at the top.
using greys = mrcz::image<std::uint8_t>;

/// Rows and columns.
struct extents {
  std::size_t rows = 0;
  std::size_t columns = 0;
  friend bool operator==(const extents&, const extents&) = default;
};

/// Several images in rows of `columns`, from the left to the right and from the top to the bottom, two pixels apart.
struct sheet {
  std::size_t columns = 1;
  std::vector<extents> images{};

  /// How many pixels the sheet takes if each image is binned.
  extents size(std::size_t bin = 1) const;

  /// The least binning with which the sheet fits into `room`; if none does, the one that makes each image a pixel.
  std::size_t binning(extents room) const;
};

/// Averages squares of `bin` x `bin` voxels; those at the upper and the right edge may be smaller. NaN and infinities
/// do not count; where nothing else is, the average is NaN.
mrcz::image<float> binned(const mrcz::image<float>& voxels, std::size_t bin);

/// Puts binned images on their sheet. Each stands at the lower left of its place. The rest is NaN. From here on the
/// first row is at the top.
mrcz::image<float> arranged(const sheet& places, std::size_t bin, const std::vector<mrcz::image<float>>& images);

/// Which values become black and white, in percentiles of the finite pixels, and what is between them.
struct contrast {
  double low = 1;
  double high = 99;
  double gamma = 1;  ///< more than 1 brightens what is dark
};

/// NaN and infinities become black. If all pixels have the same value, it becomes grey.
greys greys_of(const mrcz::image<float>& pixels, const contrast& wanted);

struct scale_bar {
  std::size_t pixels = 0;
  std::string label{};  ///< 5 Å, 20 nm
};

/// The longest bar of 1, 2 or 5 times a power of ten that takes a quarter of the image or less; none if that is less
/// than one pixel.
std::optional<scale_bar> bar_for(std::size_t columns, double angstrom_per_pixel);

/// Adds the bar and its label below a picture, white on black, so that they hide no voxel.
greys with_bar(const greys& of, const scale_bar& bar);

}  // namespace picture
