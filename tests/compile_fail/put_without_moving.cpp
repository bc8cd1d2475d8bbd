// expected: packed_slice
#include "mrcz/writer.hpp"

int main() {
  mrcz::writer out{"out.mrcz"};
  const auto packed = out.pack(xt::xtensor<float, 2>({2, 3}));
  out.put(packed);
}
