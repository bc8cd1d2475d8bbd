#include "mrcz/bloscpack/options.hpp"

#include "tests/bloscpack/support.hpp"

using test::bp::options;
using test::bp::detail::chunk_options_of;
using test::bp::detail::share;

namespace {

namespace detail = test::bp::detail;

std::string complaint(const options& wanted, const detail::taken& by = detail::by_pack_file) {
  const auto thrown = test::failure_of([&] { mrcz::bloscpack::detail::check(wanted, by); });
  if (!thrown) return "";
  CHECK(thrown->code == mrcz::errc::bad_option);
  return thrown->message;
}

}  // namespace

TEST_CASE("the defaults are bloscpack's and legal everywhere") {
  const auto chunks = chunk_options_of({});
  CHECK(chunks.codec == mrcz::codec::blosclz);
  CHECK(chunks.level == 7);
  CHECK(chunks.shuffle == mrcz::shuffle::byte);
  CHECK(chunks.typesize == 8);
  const auto h = test::reader_of(test::packed_file(test::numbers(3'000'000))).header();
  CHECK(h == test::bp::header{true, false, test::bp::checksum::adler32, 8, 1048576, 3'000'000 - 2 * 1048576, 3, 30});
  for (const auto& by : {detail::by_pack_file, detail::by_pack, detail::by_pack_stream, detail::by_append_file,
                         detail::by_append, detail::by_unpack_file, detail::by_unpack_stream, detail::by_reader})
    CHECK(complaint({}, by).empty());
}

TEST_CASE("each illegal value is a bad option, and the message says which and what would be legal") {
  CHECK(complaint({.level = 10}) == "level is 10, expected 0 to 9");
  CHECK(complaint({.typesize = 0}) == "typesize is 0, expected 1 to 255");
  CHECK(complaint({.typesize = 256}) == "typesize is 256, expected 1 to 255");
  CHECK(complaint({.chunk_size = 0}) == "'chunk_size' must be in the range 1 <= n <= 2147483631, not '0'");
  CHECK(complaint({.chunk_size = 2147483632}) ==
        "'chunk_size' must be in the range 1 <= n <= 2147483631, not '2147483632'");
  CHECK(complaint({.checksum = static_cast<test::bp::checksum>(9)}) == "checksum 9 is unknown");
  CHECK(complaint({.offsets = false, .max_app_chunks = 1}).starts_with("max_app_chunks is 1, but without"));
  CHECK(complaint({.offsets = false, .max_app_chunks = 0}).empty());
  CHECK(complaint({.metadata = {.level = 0}}) == "level of the metadata is 0, expected 1 to 9");
  CHECK(complaint({.metadata = {.max_meta_size = 5, .no_reserve = true}}) ==
        "max_meta_size is 5, but nothing is to be reserved");
  CHECK(complaint({.durability = static_cast<mrcz::durability>(3)}) == "durability 3 is unknown");
  CHECK(complaint({.threads = 0}) == "threads is 0, expected at least 1");
  CHECK(complaint({.threads = 0}, detail::by_unpack_stream) == "threads is 0, expected at least 1");
}

TEST_CASE("an option that a call does not take is refused, and never dropped") {
  const auto refused = [](const options& wanted, const detail::taken& by, const char* name) {
    CHECK(complaint(wanted, by).starts_with(std::string{"the option "} + name + " is stated, but "));
  };
  for (const auto& by : {detail::by_unpack_file, detail::by_unpack_stream, detail::by_reader}) {
    refused({.codec = mrcz::codec::zstd}, by, "codec");
    refused({.level = 1}, by, "level");
    refused({.shuffle = mrcz::shuffle::bit}, by, "shuffle");
    refused({.typesize = 1}, by, "typesize");
  }
  for (const auto& by : {detail::by_append_file, detail::by_append, detail::by_unpack_file, detail::by_reader}) {
    refused({.chunk_size = 1}, by, "chunk_size");
    refused({.checksum = test::bp::checksum::md5}, by, "checksum");
    refused({.offsets = true}, by, "offsets");
    refused({.offsets = false}, by, "offsets");
    refused({.max_app_chunks = 3}, by, "max_app_chunks");
    refused({.metadata = {.no_reserve = true}}, by, "metadata");
  }
  for (const auto& by : {detail::by_pack, detail::by_pack_stream, detail::by_append, detail::by_unpack_stream}) {
    refused({.durability = mrcz::durability::none}, by, "durability");
    refused({.replace = true}, by, "replace");
  }
  refused({.replace = false}, detail::by_append_file, "replace");
  refused({.cache_bytes = 5}, detail::by_unpack_file, "cache_bytes");
}

TEST_CASE("a stream has no offsets, whoever asks for them") {
  CHECK(complaint({.offsets = true}, detail::by_pack_stream) ==
        "the option offsets is stated, but a stream has no offsets");
  CHECK(complaint({.max_app_chunks = 2}, detail::by_pack_stream) ==
        "the option max_app_chunks is stated, but a stream has no offsets");
  CHECK(complaint({.offsets = false, .max_app_chunks = 0}, detail::by_pack_stream).empty());
}

TEST_CASE("chunks share the memory, and threads share the chunks where only few fit") {
  const auto shared = [](std::size_t threads, std::size_t memory, std::uint64_t count, std::uint64_t each) {
    constexpr std::size_t mib = std::size_t{1} << 20U;
    const auto work = share({.threads = threads, .memory = memory * mib}, count, each * mib);
    const std::uint64_t in_memory = std::min<std::uint64_t>(work.chunks, count) * each;
    CHECK(std::max<std::uint64_t>(memory, each) + 64 >= in_memory + 20 * work.threads * work.threads_each);
    return std::vector<std::size_t>{work.threads, work.threads_each, work.chunks};
  };
  using expected = std::vector<std::size_t>;
  CHECK(shared(16, 1024, 100, 2) == expected{16, 1, 18});
  CHECK(shared(16, 1024, 100, 64) == expected{12, 1, 12});
  CHECK(shared(16, 256, 100, 64) == expected{3, 2, 3});
  CHECK(shared(16, 1024, 100, 4096) == expected{1, 3, 1});
  CHECK(shared(16, 1024, 2, 10) == expected{2, 8, 18});
  CHECK(shared(1, 1024, 100, 10) == expected{1, 1, 3});
  CHECK(shared(4, 0, 1, 0) == expected{1, 3, 1});
}
