#include "mrcz/format/header_fields.hpp"

#include <type_traits>

#include <doctest/doctest.h>

#include "tests/support.hpp"

static_assert(std::is_trivially_copyable_v<mrcz::header>);

TEST_CASE("an assignment states a field, a copied header states none") {
  mrcz::header source;
  source.nx = 7;
  source.voltage = 300;
  source.cella = {1, 2, 3};
  source.labels.add("copied");
  mrcz::header_fields fields;
  CHECK_FALSE(fields.is_copied());
  fields.gain = 2;
  CHECK(fields.gain.is_stated());
  fields = source;
  CHECK(fields.is_copied());
  CHECK_FALSE(fields.gain.is_stated());
  CHECK_FALSE(fields.voltage.is_stated());
  CHECK(fields.voltage == 300);
  CHECK_FALSE(fields.labels.is_stated(0));
  CHECK(static_cast<mrcz::header>(fields) == source);

  fields.cella = {4, 5, 6};
  CHECK(fields.cella.y.is_stated());
  CHECK(static_cast<mrcz::header>(fields).cella == mrcz::per_axis<float>{4, 5, 6});
  fields.origin.z = 9;
  CHECK(fields.origin.z.is_stated());
  CHECK_FALSE(fields.origin.x.is_stated());
}

TEST_CASE("a header without extents states what differs from a new one") {
  mrcz::header made;
  made.voltage = 200;
  made.labels.add("by hand");
  made.byte_order = made.byte_order == std::endian::little ? std::endian::big : std::endian::little;
  const mrcz::header_fields fields = made;
  CHECK_FALSE(fields.is_copied());
  CHECK(fields.voltage.is_stated());
  CHECK_FALSE(fields.gain.is_stated());
  CHECK(fields.labels.is_stated(0));
  CHECK_FALSE(fields.labels.is_stated(1));
  CHECK(fields.byte_order.is_stated());
}

TEST_CASE("fields of one header are stated from another one's") {
  mrcz::header_fields one;
  one.voltage = 300;
  mrcz::header_fields other;
  other.voltage = one.voltage;
  other.c3 = one.c3;
  CHECK(other.voltage == 300);
  CHECK(other.voltage.is_stated());
  CHECK(other.c3.is_stated());
  one.labels.add("stated");
  one.set_voxel_size({1, 2, 3});
  const mrcz::header_fields copy = one;
  mrcz::header_fields assigned;
  assigned.gain = 3;
  assigned = one;
  for (const auto& same : {copy, assigned}) {
    CHECK(same.voltage.is_stated());
    CHECK_FALSE(same.c3.is_stated());
    CHECK_FALSE(same.gain.is_stated());
    CHECK(same.labels.is_stated(0));
    CHECK(same.stated_voxel_size() == mrcz::voxel_size{1, 2, 3});
  }
}

TEST_CASE("each label remembers whether it was stated, also when others are erased") {
  mrcz::header source;
  source.nx = 1;
  source.labels.add("first");
  source.labels.add("second");
  mrcz::header_fields fields = source;
  fields.labels.add("third");
  CHECK_FALSE(fields.labels.is_stated(1));
  CHECK(fields.labels.is_stated(2));
  fields.labels.erase(0);
  CHECK(fields.labels[0] == "second");
  CHECK_FALSE(fields.labels.is_stated(0));
  CHECK(fields.labels.is_stated(1));
  fields.labels.replace(0, "mine");
  CHECK(fields.labels.is_stated(0));
  for (int i = 2; i < 10; ++i) fields.labels.add("another");
  CHECK(test::failure_of([&] { fields.labels.add("too many"); })->code == mrcz::errc::too_large);
  fields.labels.add_or_overwrite_last("the last");
  CHECK(fields.labels[9] == "the last");
  fields.labels.clear();
  CHECK(fields.labels.empty());
  CHECK_FALSE(fields.labels.is_stated(0));
}
