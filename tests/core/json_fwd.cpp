#include "mrcz/core/json_fwd.hpp"

#include <type_traits>

#include <doctest/doctest.h>

TEST_CASE("JSON has a name") { CHECK(std::is_class_v<nlohmann::json>); }
