#include "mrcz/core/linkage.hpp"

#include <doctest/doctest.h>

namespace mrcz::detail {

MRCZ_INLINE int floors_below() { return 3; }

}  // namespace mrcz::detail

TEST_CASE("internal names of the library are found among those of the wing") {
  CHECK(mrcz::bloscpack::detail::floors_below() == 3);
}
