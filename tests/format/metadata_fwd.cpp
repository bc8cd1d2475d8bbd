#include "mrcz/format/metadata_fwd.hpp"

#include <type_traits>

#include <doctest/doctest.h>

TEST_CASE("metadata can be handed on by headers that do not look inside") {
  using writer = mrcz::extended_header (*)(const mrcz::metadata&);
  static_assert(std::is_same_v<writer, decltype(&mrcz::to_extended_header)>);
  using reader = mrcz::metadata (*)(const mrcz::extended_header&);
  static_assert(std::is_same_v<reader, decltype(static_cast<reader>(&mrcz::parse_metadata<>))>);
  CHECK_FALSE(mrcz::extended_header{}.is_json());
}
