/// Minimum, maximum, mean and RMS deviation of the voxels (MRC2014 note 5, words 20 to 22 and 55), in one pass.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "mrcz/core/linkage.hpp"
#include "mrcz/core/text_formatter.hpp"
#include "mrcz/format/header.hpp"

namespace mrcz {

/// What a header says about its voxels. A missing value is "not determined". Complex voxels have only `rms`: the root
/// of the mean squared modulus of the deviation from the complex mean.
struct statistics {
  std::optional<double> min = std::nullopt;   ///< DMIN
  std::optional<double> max = std::nullopt;   ///< DMAX
  std::optional<double> mean = std::nullopt;  ///< DMEAN
  std::optional<double> rms = std::nullopt;   ///< RMS: deviation from the mean
  friend bool operator==(const statistics&, const statistics&) = default;
};

/// Reads the four fields and applies the markers of the standard: DMAX < DMIN, DMEAN below both, RMS negative. Also not
/// determined are numbers that are not finite, the RMS of 0 that python-mrcz leaves in every file, and the mean in a
/// header that IMOD has just made.
MRCZ_INLINE statistics statistics_of(const header& h) noexcept;

/// Writes the four fields. A value that is not determined, or not a finite number, becomes a marker: DMIN 0 and DMAX
/// -1; DMEAN a number below both (-2 if these are markers too); RMS -1.
MRCZ_INLINE void set_statistics(header& h, const statistics& s) noexcept;

namespace detail {

/// The statistics of a few voxels.
struct block_summary {
  double count = 0;
  double min = 0;
  double max = 0;
  std::complex<double> mean = 0;
  double squares = 0;       ///< sum of the squared deviations from the mean
  bool is_complex = false;  ///< then there is neither `min` nor `max`
  bool is_finite = true;    ///< all voxels are finite numbers
  friend bool operator==(const block_summary&, const block_summary&) = default;
};

/// Summarises 1 to 2^15 voxels. `with_avx2` is `has(instructions::avx2)`; the result does not depend on it.
template <class T>
block_summary summary_of(std::span<const T> voxels, bool with_avx2) noexcept;

}  // namespace detail

/// The statistics of any number of voxels; more voxels can be added. The sum of two is exact in the count and accurate
/// in the other values (Chan's formula), so slices may be summarised in parallel. If slices are added in the order of
/// z, the result does not depend on the number of threads.
class running_statistics {
 public:
  running_statistics() = default;

  /// The statistics of these voxels. If one voxel is not finite, no value is determined.
  template <class T>
  static running_statistics of(std::span<const T> voxels) noexcept;

  /// The statistics of `count` voxels, from values that are known already. Four zeros count as unknown, because
  /// programs that have not looked at the voxels leave zeros.
  static running_statistics of(const mrcz::statistics& known, std::uint64_t count) noexcept;

  /// Adds the voxels of another object.
  running_statistics& operator+=(const running_statistics& other) noexcept;

  /// The values for all voxels so far. Without voxels nothing is determined.
  mrcz::statistics statistics() const noexcept;

 private:
  explicit running_statistics(const detail::block_summary& block) noexcept;

  double count_ = 0;
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
  std::complex<double> mean_ = 0;
  double squares_ = 0;  // sum of the squared deviations from the mean
  bool complex_ = false;
  bool has_range_ = true;
  bool has_mean_ = true;
  bool has_squares_ = true;
};

}  // namespace mrcz

/// Prints one line: min -1, max 3, mean 0.5, rms not determined.
template <>
struct fmt::formatter<mrcz::statistics> : mrcz::detail::text_formatter {
  fmt::format_context::iterator format(const mrcz::statistics& s, fmt::format_context& context) const;
};

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/statistics.ipp"
#endif
