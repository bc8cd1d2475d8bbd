#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bloscpack/support.hpp"
#include "tests/sha256.hpp"

// Files that Python's bloscpack 0.16 wrote, with c-blosc 1.21.3.

namespace {

const std::filesystem::path golden = std::filesystem::path{MRCZ_TEST_GOLDEN} / "blp";

nlohmann::ordered_json manifest() {
  std::ifstream in{golden / "manifest.json"};
  return nlohmann::ordered_json::parse(in);
}

}  // namespace

TEST_CASE("every reference file reads as it was written, at any place and in order") {
  const auto files = manifest();
  REQUIRE(files.size() == 13);
  for (const auto& item : files.items()) {
    const std::string& name = item.key();
    const auto& expected = item.value();
    CAPTURE(name);
    const test::bp::reader in{golden / name};
    CHECK(in.verify().empty());
    CHECK(in.size() == expected.at("size"));
    CHECK(test::sha256::of(test::content_of(in)) == expected.at("sha256").get<std::string>());
    const auto file = test::bytes_of(golden / name);
    CHECK(test::sha256::of(test::unpacked_in_order(file)) == expected.at("sha256").get<std::string>());

    const auto& h = expected.at("header");
    CHECK(test::bp::name_of(in.header().checksum) == h.at("checksum").get<std::string>());
    CHECK(in.header().chunk_size == h.at("chunk_size").get<std::uint32_t>());
    CHECK(in.header().last_chunk == h.at("last_chunk").get<std::uint32_t>());
    CHECK(in.header().nchunks == h.at("nchunks").get<std::uint64_t>());
    CHECK(in.header().max_app_chunks == h.at("max_app_chunks").get<std::uint64_t>());
    CHECK(in.header().metadata == h.at("metadata").get<bool>());
    CHECK(in.header().offsets == h.at("offsets").get<bool>());
    CHECK(in.header().typesize == h.at("typesize").get<unsigned>());
    CHECK(test::bp::encode(in.header()) == test::bp::encode(test::bp::decode_header(std::span{file}.first(32))));
    CHECK(in.chunks().from_offsets() == in.header().offsets);

    REQUIRE(in.nchunks() == expected.at("chunks").size());
    mrcz::detail::buffer memory;
    for (std::uint64_t i = 0; i < in.nchunks(); ++i) {
      const auto& chunk = expected.at("chunks").at(i);
      CHECK(in.chunks()[i].begin == chunk.at("pos"));
      CHECK(in.chunk_header(i).bytes == chunk.at("nbytes"));
      CHECK(in.chunk_header(i).packed_bytes == chunk.at("ctbytes"));
      CHECK(in.chunk_header(i).typesize == chunk.at("typesize"));
      CHECK(in.chunk_header(i).flags == chunk.at("flags"));
      const auto packed = in.read_packed(i, memory);
      const test::bp::digest stored{packed.last(test::bp::digest_size(in.header().checksum))};
      CHECK(to_string(stored) == chunk.at("digest").get<std::string>());
    }
  }
}

TEST_CASE("the metadata of the reference files, and their headers, are read and would be written the same") {
  const auto files = manifest();
  for (const auto& item : files.items()) {
    const std::string& name = item.key();
    const auto& expected = item.value();
    CAPTURE(name);
    const test::bp::reader in{golden / name};
    if (expected.at("metadata_json").is_null()) {
      CHECK(in.metadata().is_null());
      continue;
    }
    CHECK(test::bp::to_text(in.metadata()) == expected.at("metadata_json").get<std::string>());
    const auto& found = *in.beginning().metadata;
    const auto& h = expected.at("metadata_header");
    CHECK(test::bp::name_of(found.meta_checksum) == h.at("meta_checksum").get<std::string>());
    CHECK(test::bp::name_of(found.meta_codec) == h.at("meta_codec").get<std::string>());
    CHECK(found.meta_level == h.at("meta_level"));
    CHECK(found.meta_size == h.at("meta_size"));
    CHECK(found.max_meta_size == h.at("max_meta_size"));
    CHECK(found.meta_comp_size == h.at("meta_comp_size"));
    const auto section = test::bp::encode_metadata(in.metadata(), {.checksum = found.meta_checksum});
    const auto file = test::bytes_of(golden / name);
    CHECK(std::ranges::equal(section, std::span{file}.subspan(32, section.size())));
  }
}

TEST_CASE("the reference files can be appended to") {
  const auto more = test::numbers(5000);
  const auto files = manifest();
  for (const auto& item : files.items()) {
    const std::string& name = item.key();
    const auto& expected = item.value();
    CAPTURE(name);
    if (expected.at("size") == 0) continue;
    const test::bp::reader in{golden / name};
    test::bytes longer;
    mrcz::memory_sink to{longer};
    test::bp::append(in, mrcz::memory_source{std::span{more}}, to);
    CHECK(test::unpacked(longer) == test::joined(test::content_of(in), more));
    CHECK(test::reader_of(longer).verify().empty());
  }
}

TEST_CASE("the arrays among the reference files are arrays") {
  const auto ramp = test::bp::unpack_array<double>(golden / "numpy_f8_1d.blp");
  CHECK(ramp.dimension() == 1);
  CHECK(ramp.size() == 1500);
  const auto table = test::bp::unpack_array<float>(golden / "numpy_f4_2d_fortran.blp");
  REQUIRE(table.dimension() == 2);
  CHECK(table.shape()[0] == 20);
  CHECK(table.shape()[1] == 30);
  const auto raw = test::content_of(test::bp::reader{golden / "numpy_f4_2d_fortran.blp"});
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 30; ++j)
      CHECK(table(i, j) == mrcz::detail::load<float>(raw.data() + 4 * (i + 20 * j), std::endian::little));
  CHECK(test::code_of([] { test::bp::unpack_array<float>(golden / "numpy_f8_1d.blp"); }) == mrcz::errc::mode_mismatch);
  CHECK(test::code_of([] { test::bp::unpack_array<float>(golden / "meta_zlib.blp"); }) == mrcz::errc::bad_metadata);
}
