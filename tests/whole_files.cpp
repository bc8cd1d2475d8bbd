#include "tests/whole_files.hpp"

#include <algorithm>

#include "mrcz/array/convert.hpp"

namespace test {

bytes file_of(mrcz::mode mode, const mrcz::shape& extents, mrcz::write_options options, const mrcz::metadata& values) {
  options.mode = mode;
  bytes content;
  mrcz::with_mode(mode,
                  [&]<class Row>(Row) { content = file_with(counts<typename Row::type>(extents), options, values); });
  return content;
}

numbers numbers_of(const mrcz::reader& in) {
  const auto voxels = in.read<std::complex<double>>();
  return {voxels.data(), voxels.data() + voxels.size()};
}

numbers expected_counts(const mrcz::shape& extents, unsigned seed) {
  const auto voxels = counts<std::complex<double>>(extents, seed);
  return {voxels.data(), voxels.data() + voxels.size()};
}

bytes voxel_bytes(const mrcz::reader& in) {
  return in.visit([&]<class T>(std::type_identity<T>) {
    const auto voxels = in.read<T>();
    bytes found(voxels.size() * sizeof(T));
    const auto native = std::as_bytes(std::span{voxels.data(), voxels.size()});
    const bool swap = std::endian::native == std::endian::big;
    test::swap_bytes(native, found.data(), swap ? mrcz::word_bytes(in.mode()) : 1);
    return found;
  });
}

}  // namespace test
