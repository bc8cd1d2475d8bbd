#include "mrcz/format/slice_table.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/support.hpp"

namespace {

using sizes = std::initializer_list<std::size_t>;

mrcz::header of_extents(std::int32_t nx, std::int32_t ny, std::int32_t nz, std::int32_t mode) {
  mrcz::header h;
  h.nx = nx;
  h.ny = ny;
  h.nz = nz;
  h.mode = mode;
  return h;
}

std::vector<std::byte> zeros(std::size_t size) { return std::vector<std::byte>(size); }

/// The 16 bytes in front of a chunk of `packed` bytes, and what follows them.
void add_chunk(std::vector<std::byte>& file, std::uint32_t packed, std::uint8_t version = 2) {
  std::vector<std::byte> chunk(std::max<std::size_t>(packed, 16), std::byte{0xee});
  chunk[0] = std::byte{version};
  chunk[1] = std::byte{1};
  mrcz::detail::store(chunk.data() + 12, packed, std::endian::little);
  for (const std::byte b : chunk) file.push_back(b);
}

std::vector<std::byte> with_chunks(std::initializer_list<std::uint32_t> packed, std::size_t begin = 1024) {
  auto file = zeros(begin);
  for (const std::uint32_t size : packed) add_chunk(file, size);
  return file;
}

/// A source that claims a size, counts the bytes that are read, and refuses reads outside.
class counting_source final : public mrcz::byte_source {
 public:
  explicit counting_source(std::vector<std::byte> content) : content_{std::move(content)} {}

  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    ++reads;
    largest = std::max(largest, into.size());
    REQUIRE(offset + into.size() <= content_.size());
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  }
  std::string name() const override { return "counting"; }

  mutable std::size_t reads = 0;
  mutable std::size_t largest = 0;

 private:
  std::vector<std::byte> content_;
};

/// An enormous file of nothing, which must not be read.
class untouchable_source final : public mrcz::byte_source {
 public:
  explicit untouchable_source(std::uint64_t size) : size_{size} {}
  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t, std::span<std::byte>) const override { FAIL("read although nothing need be"); }
  std::string name() const override { return "untouchable"; }

 private:
  std::uint64_t size_;
};

mrcz::detail::slice_table table_of(std::vector<std::byte> file, const mrcz::header& h) {
  return {mrcz::memory_source{std::move(file)}, h};
}

test::failure require_failure(const mrcz::detail::slice_table& table, std::size_t end) {
  const auto failure = test::failure_of([&] { table.require(end); });
  REQUIRE(failure);
  return *failure;
}

}  // namespace

TEST_CASE("slices of an uncompressed file lie one behind the other") {
  const auto h = of_extents(7, 5, 3, 1);
  const auto table = table_of(zeros(1024 + 3 * 70), h);
  CHECK_FALSE(table.compressed());
  CHECK(table.claimed() == 3);
  CHECK(table.complete() == 3);
  CHECK(table.slice_bytes() == 70);
  CHECK(table.begin() == 1024);
  CHECK(table.end() == 1024 + 210);
  CHECK(table.packed_bytes() == 210);
  CHECK(table.found().empty());
  for (std::size_t z = 0; z < 3; ++z) {
    CHECK(table[z].offset == 1024 + 70 * z);
    CHECK(table[z].packed_bytes == 70);
  }
  CHECK_NOTHROW(table.require(3));
}

TEST_CASE("rows of 4 bits end with a whole byte in every slice") {
  const auto table = table_of(zeros(1024 + 2 * 3 * 5), of_extents(5, 5, 2, 101));
  CHECK(table.slice_bytes() == 15);
  CHECK(table.complete() == 2);
}

TEST_CASE("the extended header lies in front of the slices") {
  auto h = of_extents(4, 4, 2, 0);
  h.nsymbt = 777;
  CHECK(table_of(zeros(1024 + 777 + 32), h).begin() == 1801);
  CHECK(table_of(zeros(1024 + 777 + 32), h).complete() == 2);
  h.mode = 6000;
  auto file = zeros(1024 + 777);
  add_chunk(file, 20);
  add_chunk(file, 30);
  const auto table = table_of(file, h);
  CHECK(table.begin() == 1801);
  CHECK(table.complete() == 2);
}

TEST_CASE("an extended header that was dropped while NSYMBT was kept is not there") {
  auto h = of_extents(4, 4, 2, 0);
  for (const std::int32_t nsymbt : {16, 32, 1000000, -5}) {
    h.nsymbt = nsymbt;
    const auto table = table_of(zeros(1024 + 32), h);
    CHECK(table.begin() == 1024);
    CHECK(table.complete() == 2);
  }
}

TEST_CASE("JSON that was announced is not taken for dropped when a cut file happens to have the size without it") {
  auto h = of_extents(4, 4, 2, 0);
  h.nsymbt = 16;
  h.exttyp = mrcz::exttyp_json;
  const auto table = table_of(zeros(1024 + 32), h);
  CHECK(table.begin() == 1024 + 16);
  CHECK(table.complete() == 1);
  CHECK(require_failure(table, 2).code == mrcz::errc::truncated);
}

TEST_CASE("NSYMBT that the file cannot hold is refused") {
  auto h = of_extents(4, 4, 2, 0);
  h.nsymbt = 500;
  const auto too_large = test::failure_of([&] { table_of(zeros(1024 + 33), h); });
  REQUIRE(too_large);
  CHECK(too_large->code == mrcz::errc::bad_header);
  CHECK(too_large->mentions("NSYMBT is 500, but only 33 bytes follow the header (byte 92)"));

  h.nsymbt = std::numeric_limits<std::int32_t>::max();
  CHECK(test::failure_of([&] { table_of(zeros(2000), h); })->code == mrcz::errc::bad_header);

  h.nsymbt = -1;
  const auto negative = test::failure_of([&] { table_of(zeros(1024 + 33), h); });
  REQUIRE(negative);
  CHECK(negative->code == mrcz::errc::bad_header);
  CHECK(negative->mentions("NSYMBT is -1, expected the size of the extended header (byte 92)"));

  h.mode = 6000;  // a compressed file has no size that would tell
  CHECK(test::failure_of([&] { table_of(with_chunks({20, 20}), h); })->mentions("NSYMBT is -1"));
}

TEST_CASE("an unknown mode is refused") {
  const auto failure = test::failure_of([] { table_of(zeros(5000), of_extents(4, 4, 1, 5)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_mode);
}

TEST_CASE("slices beyond what can be addressed are refused") {
  if (sizeof(std::size_t) < 8) {
    MESSAGE("skipped: these sizes need 64 bits");
    return;
  }
  constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
  const auto failure = test::failure_of([] { table_of(zeros(5000), of_extents(largest, largest, largest, 4)); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::too_large);
  const auto barely = table_of(zeros(5000), of_extents(largest, largest, largest, 0));
  CHECK(barely.complete() == 0);
}

TEST_CASE("an uncompressed file that ends early has fewer slices") {
  const auto h = of_extents(7, 5, 3, 1);
  for (const std::size_t missing : sizes{1, 69, 70, 71, 140, 210}) {
    CAPTURE(missing);
    const std::size_t size = 1024 + 210 - missing;
    const auto table = table_of(zeros(size), h);
    CHECK(table.claimed() == 3);
    CHECK(table.complete() == (210 - missing) / 70);
    CHECK(table.end() == 1024 + 70 * table.complete());
    CHECK_NOTHROW(table.require(table.complete()));
    const auto failure = require_failure(table, 3);
    CHECK(failure.code == mrcz::errc::truncated);
    CHECK(failure.mentions("file ends at byte " + std::to_string(size)));
    CHECK(failure.mentions("expected 3 slices of 70 bytes from byte 1024"));
    CHECK(failure.mentions("(slice " + std::to_string(table.complete()) + ", byte " + std::to_string(table.end())));
  }
}

TEST_CASE("bytes behind the last slice are ignored") {
  CHECK(table_of(zeros(1024 + 210 + 99), of_extents(7, 5, 3, 1)).complete() == 3);
  auto file = with_chunks({20, 30});
  file.resize(file.size() + 99, std::byte{0x7f});
  const auto table = table_of(file, of_extents(4, 4, 2, 2000));
  CHECK(table.complete() == 2);
  CHECK(table.end() == 1024 + 50);
  CHECK(table.packed_bytes() == 50);
  CHECK(table.found().empty());
}

TEST_CASE("chunks are found by walking from one to the next") {
  const auto table = table_of(with_chunks({16, 17, 200, 33}), of_extents(4, 4, 4, 6002));
  CHECK(table.compressed());
  CHECK(table.claimed() == 4);
  REQUIRE(table.complete() == 4);
  CHECK(table.slice_bytes() == 64);
  const std::vector<std::uint64_t> offsets{1024, 1040, 1057, 1257};
  const std::vector<std::uint64_t> packed{16, 17, 200, 33};
  for (std::size_t z = 0; z < 4; ++z) {
    CHECK(table[z].offset == offsets[z]);
    CHECK(table[z].packed_bytes == packed[z]);
  }
  CHECK(table.end() == 1290);
  CHECK_NOTHROW(table.require(4));
}

TEST_CASE("the packed size in the header is not needed") {
  for (const std::int64_t claim : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{90}, std::int64_t{1} << 60}) {
    auto h = of_extents(4, 4, 2, 6002);
    h.packed_bytes = claim;
    const auto table = table_of(with_chunks({40, 50}), h);
    CHECK(table.complete() == 2);
    CHECK(table.packed_bytes() == 90);
  }
}

TEST_CASE("chunks are little-endian in a big-endian file too") {
  auto h = of_extents(4, 4, 2, 6002);
  h.byte_order = std::endian::big;
  CHECK(table_of(with_chunks({40, 50}), h).complete() == 2);
}

TEST_CASE("c-mrcz leaves out slices that it cannot compress, so there are fewer chunks than NZ") {
  const auto table = table_of(with_chunks({20, 30}), of_extents(4, 4, 5, 6000));
  CHECK(table.claimed() == 5);
  CHECK(table.complete() == 2);
  CHECK_NOTHROW(table.require(2));
  const auto failure = require_failure(table, 3);
  CHECK(failure.code == mrcz::errc::truncated);
  CHECK(failure.mentions("file has 2 chunks, expected 5"));
  CHECK(failure.mentions("(slice 2, byte 1074)"));
  CHECK(table.found() == "file has 2 chunks");
  CHECK(table.expected() == "5");
}

TEST_CASE("a chunk that the end of the file cuts off is not there") {
  auto file = with_chunks({20, 30});
  for (const std::size_t missing : sizes{1, 13, 14, 15, 29, 30}) {
    CAPTURE(missing);
    auto cut = file;
    cut.resize(file.size() - missing);
    const auto table = table_of(cut, of_extents(4, 4, 2, 6000));
    CHECK(table.complete() == 1);
    const auto failure = require_failure(table, 2);
    CHECK(failure.code == mrcz::errc::truncated);
    CHECK(failure.mentions("(slice 1, byte 1044)"));
    if (missing < 15) CHECK(failure.mentions("chunk has 30 packed bytes, but only"));
    else CHECK(failure.mentions("file has 1 chunks, expected 2"));
  }
}

TEST_CASE("garbage in place of a chunk is damage, not an early end") {
  auto file = with_chunks({20});
  file.resize(file.size() + 40, std::byte{0x5a});
  const auto table = table_of(file, of_extents(4, 4, 3, 6000));
  CHECK(table.complete() == 1);
  const auto failure = require_failure(table, 2);
  CHECK(failure.code == mrcz::errc::bad_chunk);
  CHECK(failure.mentions("no chunk found where one was expected: format version 90"));
  CHECK(failure.mentions("(slice 1, byte 1044)"));
}

TEST_CASE("a chunk smaller than its own header is damage and ends the walk") {
  for (const std::uint32_t size : {0U, 1U, 15U}) {
    auto file = with_chunks({20});
    add_chunk(file, size);
    add_chunk(file, 20);
    const auto table = table_of(file, of_extents(4, 4, 3, 6000));
    CHECK(table.complete() == 1);
    const auto failure = require_failure(table, 3);
    CHECK(failure.code == mrcz::errc::bad_chunk);
    CHECK(failure.mentions(std::to_string(size) + " packed bytes"));
  }
}

TEST_CASE("a chunk of 4 GiB in a small file is an early end") {
  auto file = with_chunks({20});
  add_chunk(file, 16);
  mrcz::detail::store(file.data() + file.size() - 4, std::uint32_t{0xffffffff}, std::endian::little);
  const auto failure = require_failure(table_of(file, of_extents(4, 4, 2, 6000)), 2);
  CHECK(failure.code == mrcz::errc::truncated);
  CHECK(failure.mentions("chunk has 4294967295 packed bytes, but only 16 are left"));
}

TEST_CASE("chunks of another version are damage") {
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{3}, std::uint8_t{255}}) {
    auto file = zeros(1024);
    add_chunk(file, 20, version);
    const auto table = table_of(file, of_extents(4, 4, 1, 6000));
    CHECK(table.complete() == 0);
    CHECK(require_failure(table, 1).code == mrcz::errc::bad_chunk);
  }
}

TEST_CASE("a header that claims two thousand million slices of a tiny file costs nothing") {
  constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
  const counting_source compressed{with_chunks({20, 30})};
  const mrcz::detail::slice_table table{compressed, of_extents(4, 4, largest, 6000)};
  CHECK(table.claimed() == static_cast<std::size_t>(largest));
  CHECK(table.complete() == 2);
  CHECK(compressed.reads == 2);
  CHECK(require_failure(table, 3).mentions("file has 2 chunks, expected 2147483647"));

  const counting_source plain{zeros(1024 + 40)};
  CHECK(mrcz::detail::slice_table{plain, of_extents(4, 4, largest, 0)}.complete() == 2);
  CHECK(plain.reads == 0);
}

TEST_CASE("at most one small read per slice") {
  auto file = zeros(1024);
  for (std::uint32_t i = 0; i < 500; ++i) add_chunk(file, 16 + i);
  const counting_source source{file};
  const mrcz::detail::slice_table table{source, of_extents(8, 8, 500, 6002)};
  CHECK(table.complete() == 500);
  CHECK(source.reads <= 500);
  CHECK(source.largest <= 16);
}

TEST_CASE("nothing is read of an uncompressed file, however large") {
  if (sizeof(std::size_t) < 8) {
    MESSAGE("skipped: these sizes need 64 bits");
    return;
  }
  const std::uint64_t slice = std::uint64_t{60000} * 60000 * 8;
  const untouchable_source source{1024 + slice * 100000};
  const mrcz::detail::slice_table table{source, of_extents(60000, 60000, 100000, 4)};
  CHECK(table.complete() == 100000);
  CHECK(table[99999].offset == 1024 + slice * 99999);
  CHECK(table.packed_bytes() == slice * 100000);
}

TEST_CASE("the places of real files of python-mrcz fill the files") {
  for (const std::string name : {"f4_zstd1.mrcz", "i2_meta_lz4.mrcz", "be_f4_zstd.mrcz", "incompressible_lz4.mrcz",
                                 "uint4_none.mrc", "f4_meta_none.mrc", "be_i2_none.mrc", "c8_none.mrc"}) {
    CAPTURE(name);
    auto file = test::bytes_of(std::filesystem::path{MRCZ_TEST_GOLDEN} / name);
    const std::size_t size = file.size();
    mrcz::header_bytes bytes;
    std::copy_n(file.begin(), bytes.size(), bytes.begin());
    const mrcz::header h = mrcz::decode(bytes, size);
    const auto table = table_of(std::move(file), h);
    CHECK(table.complete() == static_cast<std::size_t>(h.nz));
    CHECK(table.end() == size);
    CHECK(table.begin() == 1024 + static_cast<std::uint64_t>(h.nsymbt));
    if (table.compressed()) CHECK(table.packed_bytes() == static_cast<std::uint64_t>(h.packed_bytes));
  }
}
