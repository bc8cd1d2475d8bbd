#include "mrcz/metadata.hpp"

#include <doctest/doctest.h>

TEST_CASE("metadata become an extended header and come back") {
  const mrcz::metadata values{{"microscope", "Krios"}, {"voltage", 300}};
  const auto extended = mrcz::to_extended_header(values);
  CHECK(extended.is_json());
  CHECK(mrcz::parse_metadata(extended) == values);
}
