#include "choose_compression.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "mrcz/array/binned.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/stored_slices.hpp"
#include "mrcz/try_compressions.hpp"

namespace {

/// `count` places in the middle of a range.
mrcz::detail::resolved_range middle(const mrcz::detail::resolved_range& all, std::size_t count) {
  return {all.first + (all.count - count) / 2, count};
}

/// Up to three slices, or some of their rows if the slices are large.
mrcz::detail::resolved_region sample_of(const mrcz::reader& in, const selection& wanted, std::size_t voxel_bytes) {
  constexpr std::size_t most_bytes = std::size_t{8} << 20U;
  const auto all = mrcz::detail::resolve(wanted.box, in.shape());
  const std::size_t slices = std::min(3 * wanted.block.z, all.z.count / wanted.block.z * wanted.block.z);
  const std::size_t rows = most_bytes / (slices * all.x.count * voxel_bytes);
  return {middle(all.z, slices), middle(all.y, std::clamp(rows, wanted.block.y, all.y.count)), all.x};
}

std::vector<mrcz::compression_trial> trials_on(const mrcz::slices& sample, const selection& wanted,
                                               const mrcz::write_options& options) {
  const auto& [x, y, z] = wanted.block;
  if (x * y * z == 1) return mrcz::try_compressions(sample, options);
  return mrcz::try_compressions(mrcz::binned(sample, wanted.block), options);
}

void print(const std::vector<mrcz::compression_trial>& trials, const mrcz::compression_trial& best, std::FILE* to) {
  constexpr double mega = 1e6;
  for (const auto& one : trials)
    fmt::print(to, "  {} {}: {:.1f} % of the size, {:.0f} MB/s per thread\n", name_of(*one.compression.codec),
               one.compression.level, 100.0 * static_cast<double>(one.packed_bytes) / static_cast<double>(one.bytes),
               one.rate() / mega);
  fmt::print(to, "{} {} is {} on a sample of {} bytes\n", name_of(*best.compression.codec), best.compression.level,
             best.rate() >= mrcz::fast_enough
                 ? fmt::format("the smallest of those of {:.0f} MB/s or more", mrcz::fast_enough / mega)
                 : fmt::format("the fastest, as none reaches {:.0f} MB/s,", mrcz::fast_enough / mega),
             best.bytes);
}

}  // namespace

mrcz::compression choose_compression(const mrcz::reader& in, const selection& wanted, const mrcz::header& written,
                                     mrcz::write_options options, std::FILE* to) {
  options.like = written;
  options.narrowed = nullptr;
  const mrcz::detail::stored_slices stored{in};
  mrcz::detail::buffer memory;
  const auto sample = stored.read_region(sample_of(in, wanted, stored.type().bytes), memory);
  const auto trials =
      mrcz::detail::with_context(in.source().name(), [&] { return trials_on(sample, wanted, options); });
  const auto& best = mrcz::best_of(trials);
  if (to != nullptr) print(trials, best, to);
  return best.compression;
}
