// Calls everything that bloscpack.hpp offers. Nobody runs it, as mrcz.cpp beside it.
#include "mrcz/bloscpack.hpp"

#include <array>

namespace everything {

namespace bloscpack = mrcz::bloscpack;

template <class T>
void pack_and_unpack(const std::filesystem::path& path) {
  const xt::xarray<T> array = xt::ones<T>({4, 5});
  bloscpack::pack_array(path, array);
  static_cast<void>(bloscpack::unpack_array<T>(path));
  static_cast<void>(bloscpack::unpack_array<T>(bloscpack::pack_array(array)));
}

void pack_and_unpack_all(const std::filesystem::path& path) {
  pack_and_unpack<bool>(path);
  pack_and_unpack<std::int8_t>(path);
  pack_and_unpack<std::uint16_t>(path);
  pack_and_unpack<std::int32_t>(path);
  pack_and_unpack<std::uint64_t>(path);
  pack_and_unpack<mrcz::half>(path);
  pack_and_unpack<float>(path);
  pack_and_unpack<double>(path);
  pack_and_unpack<std::complex<double>>(path);
}

std::uint64_t files(const std::filesystem::path& plain, const std::filesystem::path& packed) {
  bloscpack::pack_file(plain, packed, {.codec = mrcz::codec::zstd, .typesize = 4}, {{"camera", "K2"}});
  bloscpack::append_file(packed, plain);
  bloscpack::update_metadata(packed, {{"camera", "K3"}});
  bloscpack::unpack_file(packed, plain);

  const bloscpack::reader in{packed};
  std::array<std::byte, 10> part{};
  in.read_at(3, part);
  return in.nchunks() + in.size() + in.metadata().size() + in.verify().size();
}

void streams(mrcz::sequential_source& from, mrcz::sequential_sink& to, const std::filesystem::path& path) {
  bloscpack::pack_stream(from, to);
  bloscpack::pack_stream(mrcz::memory_source{std::vector<std::byte>(100)}, to);
  bloscpack::pack_file(from, path);
  static_cast<void>(bloscpack::unpack_stream(from, to));
  static_cast<void>(bloscpack::salvage_file(path, path));
  bloscpack::writer out{to};
  out.write(std::vector<std::byte>(100));
  out.close();
  static_cast<void>(bloscpack::unpack_file(from, path));
  bloscpack::reader{path}.unpack(to);
}

void in_memory() {
  std::vector<std::byte> packed;
  mrcz::memory_sink to{packed};
  bloscpack::pack(mrcz::memory_source{std::vector<std::byte>(100)}, to);
  std::vector<std::byte> longer;
  mrcz::memory_sink to_longer{longer};
  const bloscpack::reader in{std::make_shared<mrcz::memory_source>(packed)};
  bloscpack::append(in, mrcz::memory_source{std::vector<std::byte>(10)}, to_longer);
}

}  // namespace everything
