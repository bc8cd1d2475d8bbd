// What a user of the bloscpack component does first: pack something, read a part of it back.
#include <mrcz/bloscpack.hpp>

#include <array>
#include <cstdio>

int main() {
  const xt::xarray<double> numbers = xt::ones<double>({1000});
  mrcz::bloscpack::pack_array("stranger.blp", numbers);
  const mrcz::bloscpack::reader in{"stranger.blp"};
  std::array<double, 1> one{};
  in.read_at(8 * 999, std::as_writable_bytes(std::span{one}));
  const bool same = one[0] == 1 && mrcz::bloscpack::unpack_array<double>(in) == numbers;
  std::remove("stranger.blp");
  return same ? 0 : 1;
}
