#include "mrcz/core/json_fwd.hpp"

#include <type_traits>

#include <doctest/doctest.h>

TEST_CASE("JSON can be named without its library") {
  using parser = nlohmann::json (*)(std::string_view, std::string_view);
  static_assert(std::is_same_v<parser, decltype(&mrcz::detail::parse_json<nlohmann::json>)>);
  CHECK(mrcz::max_metadata_bytes == 67'108'864);
  CHECK(mrcz::max_metadata_depth == 100);
}
