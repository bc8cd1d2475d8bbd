#include "mrcz/metadata.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"
#include "tests/support.hpp"

TEST_CASE("metadata become an extended header and come back") {
  const mrcz::metadata values{{"microscope", "Krios"}, {"voltage", 300}};
  const auto extended = mrcz::to_extended_header(values);
  CHECK(extended.is_json());
  CHECK(mrcz::parse_metadata(extended) == values);
}

TEST_CASE("metadata are written from a name, from a list in braces and from null") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>({2, 3, 4});
  const mrcz::metadata values{{"voltage", 300}};

  mrcz::write(folder / "name.mrc", voxels, {}, values);
  mrcz::write(folder / "braces.mrc", voxels, {}, {{"voltage", 300}});
  mrcz::write(folder / "null.mrc", voxels, {}, nullptr);
  CHECK(mrcz::reader{folder / "name.mrc"}.metadata() == values);
  CHECK(mrcz::reader{folder / "braces.mrc"}.metadata() == values);
  CHECK(mrcz::reader{folder / "braces.mrc"}.metadata<nlohmann::ordered_json>().at("voltage") == 300);
  CHECK(mrcz::reader{folder / "null.mrc"}.metadata().is_null());
  CHECK(mrcz::reader{folder / "null.mrc"}.extended_header().empty());

  const auto written_by = [&](mrcz::writer out) {
    out.append(voxels);
    out.close();
  };
  std::vector<std::byte> file;
  const auto sink = [&] { return std::make_unique<mrcz::memory_sink>(file); };
  const auto found = [&] { return mrcz::reader{std::make_unique<mrcz::memory_source>(file)}.metadata(); };
  written_by({sink(), {}, values});
  CHECK(found() == values);
  written_by({sink(), {}, {{"voltage", 300}}});
  CHECK(found() == values);
  written_by({sink(), {}, nullptr});
  CHECK(found().is_null());
}
