#include "mrcz/mrcz.hpp"
#ifdef MRCZ_TEST_BLOSCPACK
#include "mrcz/bloscpack.hpp"

void pack_elsewhere(const mrcz::byte_source& from, mrcz::byte_sink& to) { mrcz::bloscpack::pack(from, to); }
#endif

void fail_elsewhere(int number) { mrcz::detail::fail(mrcz::errc::bad_chunk, "number {}", number); }

bool round_trip_elsewhere(const mrcz::volume<float>& voxels) {
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), {.compression = {.codec = mrcz::codec::lz4}}};
  out.append(voxels);
  out.close();
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file))};
  return in.read<float>() == voxels;
}
