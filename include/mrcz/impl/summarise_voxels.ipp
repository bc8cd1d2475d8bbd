/// Definitions of `summarise_voxels.hpp`.
#pragma once

#include "mrcz/summarise_voxels.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <map>
#include <memory>
#include <span>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/stored_slices.hpp"

namespace mrcz {

namespace detail {

/// Numbers voxels in rising order by 32 bits, and back. Floats and everything that a float holds exactly are numbered
/// by the bits of the float; integers of 32 bits by their value.
class order_of_voxels {
 public:
  explicit order_of_voxels(mode m) noexcept
      : first_{m == mode::int32 ? -0x1p31 : 0}, integers_{m == mode::int32 || m == mode::uint32} {}

  std::uint32_t number_of(double voxel) const noexcept {
    if (integers_) return static_cast<std::uint32_t>(voxel - first_);
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(voxel));
    return (bits & sign) != 0 ? ~bits : bits | sign;
  }

  double voxel_of(std::uint32_t number) const noexcept {
    if (integers_) return number + first_;
    return static_cast<double>(std::bit_cast<float>((number & sign) != 0 ? number & ~sign : ~number));
  }

 private:
  static constexpr std::uint32_t sign = 0x80000000;
  double first_;
  bool integers_;
};

/// How many voxels have each value of one half of their numbers.
using counts_of_half = std::array<std::uint64_t, 65536>;

/// What the threads count. Each has its own.
struct voxel_counts {
  std::unique_ptr<counts_of_half> high;                          // of all voxels
  std::map<std::uint32_t, std::unique_ptr<counts_of_half>> low;  // of the voxels with these high halves
  std::vector<std::uint64_t> histogram;
};

/// The statistics of a slice, to which others can be added.
struct slice_statistics {
  running_statistics of_finite;
  std::uint64_t nan = 0;
  std::uint64_t infinite = 0;
};

/// Calls `use` with the finite voxels of a slice, some at a time.
template <class Use>
slice_statistics for_each_finite(const slices& one, bool is_complex, Use use) {
  constexpr std::size_t most = 4096;
  std::array<double, most> real{};
  std::array<double, most> imaginary{};
  const std::size_t count = one.extents[1] * one.extents[2];
  slice_statistics found;
  std::vector<std::complex<double>> complex_numbers;
  for (std::size_t first = 0; first < count; first += most) {
    const std::size_t some = std::min(most, count - first);
    one.type->to_numbers(one.in_place + first * one.type->bytes, real.data(), imaginary.data(), some);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < some; ++i) {
      if (std::isnan(real[i]) || std::isnan(imaginary[i])) ++found.nan;
      else if (std::isinf(real[i]) || std::isinf(imaginary[i])) ++found.infinite;
      else real[kept] = real[i], imaginary[kept] = imaginary[i], ++kept;
    }
    if (kept == 0) continue;
    if (is_complex) {
      complex_numbers.clear();
      for (std::size_t i = 0; i < kept; ++i) complex_numbers.emplace_back(real[i], imaginary[i]);
      found.of_finite += running_statistics::of(std::span<const std::complex<double>>{complex_numbers});
    } else {
      found.of_finite += running_statistics::of(std::span<const double>{real.data(), kept});
      use(std::span<const double>{real.data(), kept});
    }
  }
  return found;
}

/// The two ranks between which a percentile of `count` voxels lies, and how near it is to the second.
struct place_of_percentile {
  std::uint64_t below;
  std::uint64_t above;
  double part;

  place_of_percentile(double percentile, std::uint64_t count) {
    const double rank = percentile / 100 * static_cast<double>(count - 1);
    below = std::min(static_cast<std::uint64_t>(rank), count - 1);
    above = std::min(below + 1, count - 1);
    part = rank - static_cast<double>(below);
  }
};

/// The value with a rank among counts, and how many voxels come before that value.
struct ranked {
  std::uint32_t value;
  std::uint64_t before;
};

MRCZ_INLINE ranked find_rank(const counts_of_half& counts, std::uint64_t rank) noexcept {
  std::uint64_t before = 0;
  std::uint32_t value = 0;
  while (value + 1 < counts.size() && before + counts[value] <= rank) before += counts[value++];
  return {value, before};
}

MRCZ_INLINE std::size_t bin_of(double voxel, double min, double max, std::size_t bins) noexcept {
  if (!(max > min)) return 0;
  return std::min(static_cast<std::size_t>((voxel - min) / (max - min) * static_cast<double>(bins)), bins - 1);
}

MRCZ_INLINE void add(counts_of_half& to, const counts_of_half& more) noexcept {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += more[i];
}

/// Counts the voxels of a file in one pass or two.
class voxel_counter {
 public:
  voxel_counter(const reader& in, const summary_options& wanted)
      : in_{in},
        wanted_{wanted},
        stored_{in},
        order_{in.mode()},
        complex_{is_complex_mode(in.mode())},
        slices_{in.shape()[0]},
        threads_{thread_count(wanted.threads, slices_)} {
    for (const double p : wanted.percentiles)
      if (!(p >= 0 && p <= 100)) fail_expected(errc::bad_option, text("a percentile is {}", p), "0 to 100");
    in.slices().require(slices_);
  }

  voxel_summary summary() {
    std::vector<slice_statistics> of_slices(slices_);
    const bool ranks = !wanted_.percentiles.empty() && !complex_;
    std::vector<voxel_counts> first(threads_);
    if (ranks)
      for (auto& one : first) one.high = std::make_unique<counts_of_half>();
    for_each_slice([&](std::size_t z, std::size_t thread, const slices& slice) {
      of_slices[z] = for_each_finite(slice, complex_, [&](std::span<const double> voxels) {
        if (!ranks) return;
        for (const double v : voxels) ++(*first[thread].high)[order_.number_of(v) >> 16U];
      });
    });
    auto found = summed_up(of_slices);
    count_ = slices_ * static_cast<std::uint64_t>(in_.shape()[1]) * in_.shape()[2] - found.all.nan - found.all.infinite;
    if (complex_ || count_ == 0) return found;
    if (ranks)
      for (std::size_t i = 1; i < first.size(); ++i) add(*first[0].high, *first[i].high);
    if (ranks || wanted_.bins > 0) second_pass(found, first[0].high.get());
    return found;
  }

 private:
  template <class Use>
  void for_each_slice(Use use) {
    std::vector<buffer> memory(threads_);
    parallel_for(slices_, threads_,
                 [&](std::size_t z, std::size_t thread) { use(z, thread, stored_.read({z, 1}, memory[thread])); });
  }

  static voxel_summary summed_up(const std::vector<slice_statistics>& slices) {
    voxel_summary found;
    running_statistics all;
    for (const auto& one : slices) {
      found.slices.push_back({one.of_finite.statistics(), one.nan, one.infinite});
      found.all.nan += one.nan;
      found.all.infinite += one.infinite;
      all += one.of_finite;
    }
    found.all.of_finite = all.statistics();
    return found;
  }

  void second_pass(voxel_summary& found, const counts_of_half* high) {
    std::vector<voxel_counts> counts(threads_);
    for (auto& one : counts) {
      one.histogram.resize(wanted_.bins);
      for (const double p : wanted_.percentiles) {
        const place_of_percentile place{p, count_};
        for (const std::uint64_t rank : {place.below, place.above}) {
          auto& low = one.low[find_rank(*high, rank).value];
          if (!low) low = std::make_unique<counts_of_half>();
        }
      }
    }
    const double min = *found.all.of_finite.min;
    const double max = *found.all.of_finite.max;
    for_each_slice([&](std::size_t, std::size_t thread, const slices& slice) {
      auto& own = counts[thread];
      for_each_finite(slice, complex_, [&](std::span<const double> voxels) {
        if (!own.low.empty())
          for (const double v : voxels) {
            const std::uint32_t number = order_.number_of(v);
            if (const auto at = own.low.find(number >> 16U); at != own.low.end()) ++(*at->second)[number & 0xffffU];
          }
        if (wanted_.bins > 0)
          for (const double v : voxels) ++own.histogram[bin_of(v, min, max, wanted_.bins)];
      });
    });
    found.histogram = counts[0].histogram;
    for (std::size_t i = 1; i < counts.size(); ++i) {
      for (std::size_t bin = 0; bin < wanted_.bins; ++bin) found.histogram[bin] += counts[i].histogram[bin];
      for (auto& [half, low] : counts[0].low) add(*low, *counts[i].low[half]);
    }
    for (const double p : wanted_.percentiles) {
      const place_of_percentile place{p, count_};
      const double below = voxel_with_rank(*high, counts[0], place.below);
      const double above = voxel_with_rank(*high, counts[0], place.above);
      found.percentiles.push_back(below == above ? below : below + place.part * (above - below));
    }
  }

  double voxel_with_rank(const counts_of_half& high, const voxel_counts& counts, std::uint64_t rank) const {
    const auto in_high = find_rank(high, rank);
    const auto in_low = find_rank(*counts.low.at(in_high.value), rank - in_high.before);
    return order_.voxel_of(in_high.value << 16U | in_low.value);
  }

  const reader& in_;
  const summary_options& wanted_;
  stored_slices stored_;
  order_of_voxels order_;
  bool complex_;
  std::size_t slices_;
  std::size_t threads_;
  std::uint64_t count_ = 0;  // of the finite voxels
};

}  // namespace detail

MRCZ_INLINE voxel_summary summarise_voxels(const reader& in, const summary_options& wanted) {
  return detail::with_context(in.source().name(), [&] { return detail::voxel_counter{in, wanted}.summary(); });
}

}  // namespace mrcz
