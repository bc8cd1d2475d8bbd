// Together with two.cpp: everything included in two units of one program, which may be compiled in different forms.
#include "mrcz/mrcz.hpp"
#ifdef MRCZ_TEST_BLOSCPACK
#include "mrcz/bloscpack.hpp"
#endif

bool round_trip_elsewhere(const mrcz::volume<float>& voxels);
void fail_elsewhere(int number);
void pack_elsewhere(const mrcz::byte_source& from, mrcz::byte_sink& to);

namespace {

bool round_trip(const mrcz::volume<float>& voxels) {
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.compression = {.codec = mrcz::codec::zstd}}};
  out.append(voxels);
  out.close();
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file))};
  return in.read<float>() == voxels;
}

bool errors_are_the_same() {
  try {
    fail_elsewhere(7);
  } catch (const mrcz::error& e) {
    return e.code() == mrcz::errc::bad_chunk && &e.code().category() == &mrcz::error_category() &&
           e.found() == "number 7";
  }
  return false;
}

#ifdef MRCZ_TEST_BLOSCPACK
bool round_trip_of_the_wing() {
  const std::vector<std::byte> content(100, std::byte{3});
  std::vector<std::byte> packed;
  mrcz::memory_sink to{packed};
  pack_elsewhere(mrcz::memory_source{content}, to);
  const mrcz::bloscpack::reader in{std::make_shared<mrcz::memory_source>(packed)};
  std::vector<std::byte> read_back(content.size());
  in.read_at(0, read_back);
  return read_back == content;
}
#else
bool round_trip_of_the_wing() { return true; }
#endif

}  // namespace

int main() {
  const mrcz::volume<float> voxels = xt::xtensor<float, 3>({2, 3, 4}, 1.5F);
  if (!round_trip(voxels) || !round_trip_elsewhere(voxels)) return 1;
  if (!errors_are_the_same()) return 2;
  return round_trip_of_the_wing() ? 0 : 3;
}
