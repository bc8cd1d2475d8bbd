#include <parent.hpp>

#include <cstdio>

int main() {
  mrcz::write("parent.mrcz", xt::xtensor<float, 3>({5, 3, 4}, 7));
  const std::size_t slices = slices_of(mrcz::reader{"parent.mrcz"});
  std::remove("parent.mrcz");
  return slices == 5 ? 0 : 1;
}
