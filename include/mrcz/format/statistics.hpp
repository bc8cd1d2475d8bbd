/// Minimum, maximum, mean and RMS deviation of the voxels (MRC2014 note 5, words 20 to 22 and 55), in one pass.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <type_traits>

#include "mrcz/core/hardware.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/integer_sums.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

/// What a header says of its voxels; a value that is not there is "not determined". Of complex voxels only `rms` is
/// defined: the root of the mean squared modulus of the deviation from the complex mean.
struct statistics {
  std::optional<double> min = std::nullopt;
  std::optional<double> max = std::nullopt;
  std::optional<double> mean = std::nullopt;
  std::optional<double> rms = std::nullopt;
  friend bool operator==(const statistics&, const statistics&) = default;
};

/// Applies the markers of the standard: DMAX < DMIN, DMEAN below both, RMS negative. The RMS of 0 that python-mrcz
/// leaves in every file and the mean of a header that IMOD has just made are not determined either.
inline statistics statistics_of(const header& h) noexcept {
  statistics s;
  if (h.dmin <= h.dmax && std::isfinite(h.dmin) && std::isfinite(h.dmax)) {
    s.min = h.dmin;
    s.max = h.dmax;
  }
  constexpr float most = std::numeric_limits<float>::max();
  const bool new_from_imod = h.dmin == most && h.dmax == -most;
  if (h.dmean >= std::min(h.dmin, h.dmax) && std::isfinite(h.dmean) && !new_from_imod) s.mean = h.dmean;
  const bool from_python_mrcz = h.is_early_mrcz() || (h.mx == 0 && h.my == 0 && h.has_mrcz_label());
  if (h.rms >= 0 && std::isfinite(h.rms) && !(from_python_mrcz && h.rms == 0)) s.rms = h.rms;
  return s;
}

/// Writes the four fields; what is not determined, or is no finite number, gets the marker 0, -1, -2, -1.
inline void set_statistics(header& h, const statistics& s) noexcept {
  const auto is_known = [](const std::optional<double>& value) {
    return value && std::abs(*value) <= std::numeric_limits<float>::max();
  };
  const bool has_range = is_known(s.min) && is_known(s.max);
  h.dmin = has_range ? static_cast<float>(*s.min) : 0.0F;
  h.dmax = has_range ? static_cast<float>(*s.max) : -1.0F;
  const float low = std::min(h.dmin, h.dmax);
  if (!is_known(s.mean)) h.dmean = std::min(low - 1.0F, std::nextafter(low, -std::numeric_limits<float>::infinity()));
  else if (has_range) h.dmean = std::max(static_cast<float>(*s.mean), low);  // rounding may have put it below
  else h.dmean = static_cast<float>(*s.mean) >= low ? static_cast<float>(*s.mean) : -2.0F;
  h.rms = is_known(s.rms) ? static_cast<float>(*s.rms) : -1.0F;
}

/// Moments of any number of voxels. Adding two is exact in the count and accurate in the rest (Chan's formula), so
/// slices may be summarised in parallel; added in the order of z the result does not depend on the threads.
class moments {
 public:
  /// The moments of `voxels`. Values that are not finite leave everything undetermined.
  template <class T>
  static moments of(std::span<const T> voxels) noexcept {
    moments all;
    for (std::size_t i = 0; i < voxels.size(); i += block)
      all += of_block(voxels.subspan(i, std::min(block, voxels.size() - i)));
    return all;
  }

  /// What is already known of `count` voxels, to go on from there. Zeros alone are taken for nothing: programs leave
  /// them that have not looked at the voxels.
  static moments of(const mrcz::statistics& s, std::uint64_t count) noexcept {
    moments all;
    all.count_ = static_cast<double>(count);
    const bool zeros = s.min == 0.0 && s.max == 0.0 && s.mean == 0.0 && s.rms.value_or(0) == 0;
    all.has_range_ = s.min && s.max && !zeros;
    all.has_mean_ = s.mean && !zeros;
    all.has_squares_ = all.has_mean_ && s.rms;
    all.min_ = s.min.value_or(0);
    all.max_ = s.max.value_or(0);
    all.mean_ = s.mean.value_or(0);
    all.squares_ = s.rms.value_or(0) * s.rms.value_or(0) * all.count_;
    return all;
  }

  moments& operator+=(const moments& other) noexcept {
    if (other.count_ == 0) return *this;
    if (count_ == 0) return *this = other;
    const double total = count_ + other.count_;
    const std::complex<double> difference = other.mean_ - mean_;
    squares_ += other.squares_ + std::norm(difference) * count_ * other.count_ / total;
    mean_ += difference * (other.count_ / total);
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    complex_ = complex_ || other.complex_;
    has_range_ = has_range_ && other.has_range_;
    has_mean_ = has_mean_ && other.has_mean_;
    has_squares_ = has_squares_ && other.has_squares_;
    count_ = total;
    return *this;
  }

  mrcz::statistics statistics() const noexcept {
    mrcz::statistics s;
    if (count_ == 0) return s;
    if (has_squares_ && std::isfinite(squares_)) s.rms = std::sqrt(squares_ / count_);
    if (complex_) return s;
    if (has_range_) {
      s.min = min_;
      s.max = max_;
    }
    if (has_mean_ && std::isfinite(mean_.real())) s.mean = mean_.real();
    return s;
  }

 private:
  static constexpr std::size_t block = 4096;  // voxels; short enough for the first cache and for 32-bit sums

  template <class T>
  static moments of_block(std::span<const T> voxels) noexcept {
    if constexpr (is_complex<T>) {
      return of_complex(voxels);
    } else if constexpr (small_integer<T>) {
      const integer_sums s = sums_of(voxels.data(), voxels.size());
      return of_sums(static_cast<double>(voxels.size()), s.min, s.max, s.shift, static_cast<double>(s.sum),
                     static_cast<double>(s.squares));
    } else if constexpr (std::is_same_v<T, half>) {
      return of_wide<float>(voxels, to_float);
    } else {
      return of_wide<T>(voxels, [](T v) { return v; });
    }
  }

  /// Everything else, with the widest registers that the processor has; the result does not depend on them.
  template <class T, class Voxel, class Value>
  static moments of_wide(std::span<const Voxel> voxels, Value value_of) noexcept {
#if defined(__SSE2__) && defined(__GNUC__)
    if (detail::has_avx2()) return in_lanes_of_avx2<T>(voxels, value_of);
#endif
    return in_lanes<T>(voxels, value_of);
  }

#if defined(__SSE2__) && defined(__GNUC__)
  template <class T, class Voxel, class Value>
  [[gnu::target("avx2"), gnu::flatten]] static moments in_lanes_of_avx2(std::span<const Voxel> voxels,
                                                                        Value value_of) noexcept {
    return in_lanes<T>(voxels, value_of);
  }
#endif

  /// Sums in several lanes, so that the compiler may use vector registers without reordering a sum
  /// behind our back, relative to the first value, which keeps the squares small.
  template <class T, class Voxel, class Value>
  static moments in_lanes(std::span<const Voxel> voxels, Value value_of) noexcept {
    constexpr std::size_t lanes = 16;
    std::array<double, lanes> sums{};
    std::array<double, lanes> squares{};
    std::array<T, lanes> low;
    std::array<T, lanes> high;
    const T first = value_of(voxels.front());
    low.fill(first);
    high.fill(first);
    const auto add = [&](std::size_t lane, T value) {
      const double relative = static_cast<double>(value) - static_cast<double>(first);
      sums[lane] += relative;
      squares[lane] += relative * relative;
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = high[lane] < value ? value : high[lane];
    };
    const std::size_t even = voxels.size() / lanes * lanes;
    for (std::size_t i = 0; i < even; i += lanes) {
      detail::prefetch_next_page(&voxels[i]);
      for (std::size_t lane = 0; lane < lanes; ++lane) add(lane, value_of(voxels[i + lane]));
    }
    for (std::size_t i = even; i < voxels.size(); ++i) add(i % lanes, value_of(voxels[i]));
    return of_sums(static_cast<double>(voxels.size()), static_cast<double>(*std::min_element(low.begin(), low.end())),
                   static_cast<double>(*std::max_element(high.begin(), high.end())), static_cast<double>(first),
                   std::accumulate(sums.begin(), sums.end(), 0.0),
                   std::accumulate(squares.begin(), squares.end(), 0.0));
  }

  /// From sums of values relative to `shift`.
  static moments of_sums(double count, double min, double max, double shift, double sum, double squares) noexcept {
    moments m;
    m.count_ = count;
    m.min_ = min;
    m.max_ = max;
    m.mean_ = shift + sum / count;
    m.squares_ = std::max(0.0, squares - sum * (sum / count));
    m.has_range_ = m.has_mean_ = m.has_squares_ = std::isfinite(squares);
    return m;
  }

  template <class T>
  static moments of_complex(std::span<const T> voxels) noexcept {
    const auto value = [](T v) {
      if constexpr (std::is_same_v<T, complex_int16>) return std::complex<double>(v.re, v.im);
      else return std::complex<double>(v);
    };
    const std::complex<double> shift = value(voxels.front());
    std::complex<double> total = 0;
    double total_squares = 0;
    for (const T v : voxels) {
      const std::complex<double> relative = value(v) - shift;
      total += relative;
      total_squares += std::norm(relative);
    }
    moments m;
    m.count_ = static_cast<double>(voxels.size());
    m.complex_ = true;
    m.mean_ = shift + total / m.count_;
    m.squares_ = std::max(0.0, total_squares - std::norm(total) / m.count_);
    m.has_mean_ = m.has_squares_ = std::isfinite(total_squares);
    return m;
  }

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
