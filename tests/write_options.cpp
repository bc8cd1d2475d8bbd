#include "mrcz/write_options.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "tests/support.hpp"

using mrcz::errc;
using mrcz::kind;

namespace {

void refused(const mrcz::write_options& options, const std::string& message) {
  CAPTURE(message);
  const auto failure = test::failure_of([&] { mrcz::detail::check(options); });
  REQUIRE(failure);
  CHECK(failure->code == errc::bad_option);
  CHECK(failure->mentions(message));
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("options that a file can have are accepted") {
  CHECK_NOTHROW(mrcz::detail::check(mrcz::write_options{}));
  for (const std::int32_t group : {0, 1, 230, 401, 630}) CHECK_NOTHROW(mrcz::detail::check({.space_group = group}));
  for (const kind k : {kind::image, kind::image_stack})
    CHECK_NOTHROW(mrcz::detail::check({.kind = k, .space_group = 0}));
  CHECK_NOTHROW(mrcz::detail::check({.kind = kind::volume, .space_group = 19}));
  CHECK_NOTHROW(mrcz::detail::check({.kind = kind::volume_stack, .space_group = 401, .sections_per_volume = 5}));
  CHECK_NOTHROW(mrcz::detail::check({.sections_per_volume = 1}));
  CHECK_NOTHROW(mrcz::detail::check({.voxel_size = mrcz::voxel_size{0, 0, 0}}));
  CHECK_NOTHROW(mrcz::detail::check(mrcz::write_options{.origin = mrcz::per_axis<float>{-1e9F, 0, 3}}));
}

TEST_CASE("a value that no file can have is a bad option") {
  refused({.packing = mrcz::packing::xz}, "packing is xz, which is only read, expected gzip or zstd");
  refused({.packing = static_cast<mrcz::packing>(9)}, "packing 9 is unknown");
  refused({.compression = {.level = 10}}, "level is 10, expected 0 to 9");
  refused({.compression = {.level = -1}}, "level is -1");
  refused({.compression = {.codec = static_cast<mrcz::codec>(7)}}, "codec 7 is unknown");
  refused({.compression = {.shuffle = static_cast<mrcz::shuffle>(3)}}, "shuffle 3 is unknown");
  refused({.compression = {.block_size = 127}}, "block_size is 127");
  refused({.mode = static_cast<mrcz::mode>(5)}, "mode 5 is unknown");
  refused({.rounding = static_cast<mrcz::rounding>(2)}, "rounding 2 is unknown");
  refused({.kind = static_cast<kind>(9)}, "kind 9 is unknown");
  for (const std::int32_t group : {-1, 231, 400, 631})
    refused({.space_group = group}, fmt::format("space_group is {}, expected 0, 1 to 230 or 401 to 630", group));
  refused({.sections_per_volume = 0}, "sections_per_volume is 0");
  refused({.durability = static_cast<mrcz::durability>(3)}, "durability 3 is unknown");
  refused({.threads = 0}, "threads is 0");
}

TEST_CASE("a voxel size or origin that is not finite, or a negative voxel size, is a bad option") {
  for (const float bad : {not_a_number, infinity, -infinity, -1.0F}) {
    refused({.voxel_size = mrcz::voxel_size{bad, 1, 1}}, "voxel_size is ");
    refused({.voxel_size = mrcz::voxel_size{1, bad, 1}}, "expected finite numbers that are not negative");
    refused({.voxel_size = mrcz::voxel_size{1, 1, bad}}, "voxel_size is 1 x 1 x ");
  }
  for (const float bad : {not_a_number, infinity}) {
    refused({.origin = mrcz::per_axis<float>{bad, 0, 0}}, "origin is ");
    refused({.origin = mrcz::per_axis<float>{0, bad, 0}}, "origin is 0, ");
    refused({.origin = mrcz::per_axis<float>{0, 0, bad}}, "expected finite numbers");
  }
}

TEST_CASE("two options that contradict each other are a bad option") {
  refused({.packing = mrcz::packing::zstd, .keep_partial = true},
          "keep_partial is true, but a file that zstd packs cannot be read before it is complete");
  CHECK_NOTHROW(mrcz::detail::check({.packing = mrcz::packing::none, .keep_partial = true}));
  refused({.kind = kind::image, .space_group = 1}, "space_group is 1, which is not one of kind image");
  refused({.kind = kind::volume, .space_group = 0}, "space_group is 0, which is not one of kind volume");
  refused({.kind = kind::volume, .space_group = 401}, "not one of kind volume");
  refused({.kind = kind::volume_stack, .space_group = 1}, "not one of kind volume stack");
  for (const kind k : {kind::image, kind::image_stack, kind::volume})
    refused({.kind = k, .sections_per_volume = 2}, "only a volume stack has them");
}

TEST_CASE("names say how a file is packed, and how it is compressed inside") {
  const auto of = [](const char* name) { return mrcz::detail::defaults_for(name); };
  CHECK(of("a.mrc").packing == mrcz::packing::none);
  CHECK(of("a.mrc.gz").packing == mrcz::packing::gzip);
  CHECK(of("a.mrc.zst").packing == mrcz::packing::zstd);
  CHECK(of("a.mrc.bz2").packing == mrcz::packing::bzip2);
  CHECK(of("a.mrc.xz").packing == mrcz::packing::xz);
  CHECK(of("a.mrcz.gz").codec == mrcz::codec::zstd);
  CHECK(of("a.mrc.gz").codec == mrcz::codec::none);
  CHECK(of("a.st.zst").images);
  CHECK_FALSE(of("a.gz.mrc").images);
  CHECK(of("a.gz.mrc").packing == mrcz::packing::none);
}
