#include "mrcz/bloscpack/options.hpp"

#include "tests/bloscpack/support.hpp"

using test::bp::append_options;
using test::bp::pack_options;
using test::bp::unpack_options;

static_assert(pack_options{}.codec == mrcz::codec::blosclz && pack_options{}.level == 7 &&
                  pack_options{}.shuffle == mrcz::shuffle::byte && pack_options{}.typesize == 8 &&
                  pack_options{}.chunk_size == 1048576 && pack_options{}.offsets,
              "the defaults are bloscpack's");

namespace {

template <class Options>
std::string complaint(const Options& wanted) {
  const auto thrown = test::failure_of([&] { mrcz::bloscpack::detail::check(wanted); });
  if (!thrown) return "";
  CHECK(thrown->code == mrcz::errc::bad_option);
  return thrown->message;
}

}  // namespace

TEST_CASE("the defaults are legal") {
  CHECK(complaint(pack_options{}).empty());
  CHECK(complaint(unpack_options{}).empty());
  CHECK(complaint(append_options{}).empty());
}

TEST_CASE("each illegal value is a bad option, and the message says which and what would be legal") {
  CHECK(complaint(pack_options{.level = 10}) == "level is 10, expected 0 to 9");
  CHECK(complaint(pack_options{.typesize = 0}) == "typesize is 0, expected 1 to 255");
  CHECK(complaint(pack_options{.typesize = 256}) == "typesize is 256, expected 1 to 255");
  CHECK(complaint(pack_options{.chunk_size = 0}) == "'chunk_size' must be in the range 1 <= n <= 2147483631, not '0'");
  CHECK(complaint(pack_options{.chunk_size = 2147483632}) ==
        "'chunk_size' must be in the range 1 <= n <= 2147483631, not '2147483632'");
  CHECK(complaint(pack_options{.checksum = static_cast<test::bp::checksum>(9)}) == "checksum 9 is unknown");
  CHECK(complaint(pack_options{.offsets = false, .max_app_chunks = 1}).starts_with("max_app_chunks is 1, but without"));
  CHECK(complaint(pack_options{.offsets = false, .max_app_chunks = 0}).empty());
  CHECK(complaint(pack_options{.metadata = {.level = 0}}) == "level of the metadata is 0, expected 1 to 9");
  CHECK(complaint(pack_options{.durability = static_cast<mrcz::durability>(3)}) == "durability 3 is unknown");
  CHECK(complaint(pack_options{.threads = 0}) == "threads is 0, expected at least 1");
  CHECK(complaint(unpack_options{.threads = 0}) == "threads is 0, expected at least 1");
  CHECK(complaint(append_options{.threads = 0}) == "threads is 0, expected at least 1");
  CHECK(complaint(append_options{.typesize = 0}) == "typesize is 0, expected 1 to 255");
}
