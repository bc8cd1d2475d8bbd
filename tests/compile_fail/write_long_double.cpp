// expected: xt::cast to one that it has
#include "mrcz/write.hpp"

int main() { mrcz::write("out.mrc", xt::xtensor<long double, 3>({1, 2, 3})); }
