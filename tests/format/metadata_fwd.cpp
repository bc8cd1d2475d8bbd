#include "mrcz/format/metadata_fwd.hpp"

#include <type_traits>

#include <doctest/doctest.h>

TEST_CASE("metadata are a value of nlohmann's library") { CHECK(std::is_same_v<mrcz::metadata, nlohmann::json>); }
