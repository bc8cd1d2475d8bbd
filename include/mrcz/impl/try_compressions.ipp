/// Definitions of `try_compressions.hpp`.
#pragma once

#include "mrcz/try_compressions.hpp"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <tuple>
#include <utility>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/slice_packer.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE compression_trial try_compression(const slices& sample, const write_options& options) {
  const slice_packer packer{options};
  const header_fields fields = options.like ? header_fields{*options.like} : header_fields{};
  compression_trial made{.compression = options.compression};
  constexpr std::clock_t enough = CLOCKS_PER_SEC / 100;  // so that the rate of a small sample is right
  const std::clock_t begin = std::clock();
  std::clock_t passed = 0;
  double rounds = 0;
  for (; passed < enough; passed = std::clock() - begin, ++rounds) {
    made.packed_bytes = 0;
    for (std::size_t z = 0; z < sample.extents[0]; ++z) {
      auto packed = packer.pack(sample, z, fields);
      made.packed_bytes += packed.bytes().size();
      packer.recycle(std::move(packed));
    }
  }
  made.seconds = static_cast<double>(passed) / CLOCKS_PER_SEC / rounds;
  made.bytes = sample.extents[0] * packer.format_of(fields, *sample.type, sample.extents[1], sample.extents[2]).bytes();
  return made;
}

MRCZ_INLINE std::vector<compression_trial> try_compressions(const slices& sample, const write_options& options) {
  std::vector<compression_trial> all;
  for (const auto candidate : all_codecs) {
    if (candidate == codec::none || candidate == codec::snappy || !available(candidate)) continue;
    for (const int level : {1, 5, 9}) {
      throw_if_stopped(options.stop);
      auto one = options;
      one.compression.codec = candidate;
      one.compression.level = level;
      all.push_back(try_compression(sample, one));
    }
  }
  return all;
}

}  // namespace detail

MRCZ_INLINE const compression_trial& best_of(std::span<const compression_trial> trials) {
  const auto is_better = [](const compression_trial& a, const compression_trial& b) {
    const bool a_is_fast = a.rate() >= fast_enough;
    const bool b_is_fast = b.rate() >= fast_enough;
    if (a_is_fast != b_is_fast) return a_is_fast;
    if (!a_is_fast) return a.rate() > b.rate();
    return std::tuple{a.packed_bytes, -a.rate()} < std::tuple{b.packed_bytes, -b.rate()};
  };
  return *std::min_element(trials.begin(), trials.end(), is_better);
}

}  // namespace mrcz
