#include "mrcz/read_header.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write.hpp"
#include "tests/support.hpp"
#include "tests/whole_files.hpp"

TEST_CASE("a header is that which a reader finds, together with the extended header") {
  const test::scratch_folder folder;
  for (const char* const name : {"a.mrc", "a.mrcz"}) {
    const auto path = folder / name;
    mrcz::write(path, test::counts<float>({3, 4, 5}), {.voxel_size = mrcz::voxel_size{2, 2, 2}}, {{"detector", "K3"}});
    const auto [header, extended] = mrcz::read_header(path);
    const mrcz::reader in{path};
    CHECK(header == in.header());
    CHECK(extended == in.extended_header());
    CHECK(mrcz::parse_metadata(extended).at("detector") == "K3");
  }
}

TEST_CASE("a file without an extended header has an empty one") {
  const test::scratch_folder folder;
  mrcz::write(folder / "a.mrc", test::counts<float>({3, 4, 5}));
  CHECK(mrcz::read_header(folder / "a.mrc").extended.empty());
}

TEST_CASE("an extended header knows NINT, NREAL and the byte order of its header") {
  const test::scratch_folder folder;
  for (const auto order : {std::endian::little, std::endian::big}) {
    mrcz::writer out{folder / "a.mrc", {.byte_order = order, .replace = true}};
    out.set_extended_header({{'S', 'E', 'R', 'I'}, std::vector<std::byte>(12), 0, 4, 9});
    out.append(test::counts<float>({3, 4, 5}));
    out.close();
    auto extended = mrcz::read_header(folder / "a.mrc").extended;
    CHECK(std::tuple{extended.sections, extended.nint, extended.nreal} == std::tuple{3, 4, 9});
    CHECK(extended.byte_order == order);

    mrcz::edit(folder / "a.mrc", [&](mrcz::header_fields& fields) {  // as if DeltaVision wrote the file
      std::array<std::byte, 8> extra{};
      mrcz::detail::store(extra.data(), mrcz::deltavision_number, order);
      fields.extra1 = extra;
    });
    extended = mrcz::read_header(folder / "a.mrc").extended;
    CHECK(std::tuple{extended.nint, extended.nreal} == std::tuple{-1, -1});
    CHECK_FALSE(mrcz::detail::has_known_numbers({{}, extended.bytes, 3, extended.nint, extended.nreal}));
  }
}

TEST_CASE("voxels are not looked at: their absence does no harm") {
  const test::scratch_folder folder;
  for (const char* const name : {"a.mrc", "a.mrcz"}) {
    const auto path = folder / name;
    mrcz::write(path, test::counts<float>({3, 4, 5}));
    std::filesystem::resize_file(path, mrcz::header_size);
    CHECK(mrcz::read_header(path).header.nz == 3);
  }
}

TEST_CASE("what is no MRC file, or claims an extended header that is not there, is refused with its path") {
  const test::scratch_folder folder;
  const auto refused = [&](const std::vector<std::byte>& content, mrcz::errc code, const char* message) {
    test::write_bytes(folder / "bad.mrc", content);
    const auto failure = test::failure_of([&] { mrcz::read_header(folder / "bad.mrc"); });
    REQUIRE(failure);
    CHECK(failure->code == code);
    CHECK(failure->mentions((folder / "bad.mrc").string() + ": " + message));
  };
  refused(std::vector<std::byte>(1023, std::byte{0xfe}), mrcz::errc::not_mrc,
          "is not an MRC file: it has 1023 bytes, expected at least");
  refused(std::vector<std::byte>(1024, std::byte{0xfe}), mrcz::errc::not_mrc, "is not an MRC file: no 'MAP'");
  refused(std::vector<std::byte>(1024), mrcz::errc::not_mrc, "is not an MRC file but a file of zeros");
  mrcz::header h;
  h.nx = h.ny = h.nz = 2;
  h.nsymbt = 100;
  const auto bytes = mrcz::encode(h);
  refused({bytes.begin(), bytes.end()}, mrcz::errc::bad_header, "NSYMBT is 100, but only 0 bytes follow the header");
  const auto missing = test::failure_of([&] { mrcz::read_header(folder / "nothing.mrc"); });
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
}

namespace {

/// A source that notes how many bytes each read takes.
class noting_source final : public mrcz::byte_source {
 public:
  noting_source(std::vector<std::byte>&& content, std::vector<std::size_t>& reads)
      : content_{std::move(content)}, reads_{&reads} {}

  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    content_.read_at(offset, into);
    reads_->push_back(into.size());
  }
  std::string name() const override { return content_.name(); }

 private:
  mrcz::memory_source content_;
  std::vector<std::size_t>* reads_;
};

/// A compressed file of 1000 slices with an extended header of this size.
std::vector<std::byte> file_of_1000_slices(std::size_t extended_bytes) {
  std::vector<std::byte> content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = mrcz::codec::lz4}}};
  mrcz::extended_header extended{{'H', 'D', 'F', '5'}, std::vector<std::byte>(extended_bytes)};
  for (std::size_t i = 0; i < extended_bytes; ++i) extended.bytes[i] = static_cast<std::byte>(i % 251);
  out.set_extended_header(extended);
  out.append(test::counts<std::int16_t>({1000, 4, 5}));
  out.close();
  return content;
}

}  // namespace

TEST_CASE("one read gets header and extended header, and a second one the rest of a long extended header") {
  using reads = std::vector<std::size_t>;
  for (const auto& [size, expected] :
       {std::pair<std::size_t, reads>{0, {4096}}, {3072, {4096}}, {3073, {4096, 1}}, {50'000, {4096, 46'928}}}) {
    reads found;
    auto content = file_of_1000_slices(size);
    const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::span<const std::byte>{content})};
    const auto whole = in.extended_header();
    const auto header = in.header();
    const auto from_file = mrcz::detail::load_headers(std::make_unique<noting_source>(std::vector{content}, found));
    CHECK(found == expected);
    CHECK(from_file.header == header);
    CHECK(from_file.extended == whole);
    CHECK(from_file.extended.bytes.size() == size);
  }
}

TEST_CASE("a file of less than 4096 bytes is read to its end, and no further") {
  using reads = std::vector<std::size_t>;
  auto content = file_of_1000_slices(0);
  reads found;
  content.resize(1500);
  CHECK(mrcz::detail::load_headers(std::make_unique<noting_source>(std::vector{content}, found)).header.nz == 1000);
  CHECK(found == reads{1500});
  for (const std::size_t size : {1023U, 1U, 0U}) {
    content.resize(size);
    CHECK(test::failure_of([&] {
            mrcz::detail::load_headers(std::make_unique<noting_source>(std::vector{content}, found));
          })->code == mrcz::errc::not_mrc);
  }
}

TEST_CASE("a reader reads the header and 16 bytes of the first chunk, and looks for the slices once they are needed") {
  std::vector<std::size_t> reads;
  const mrcz::reader in{std::make_unique<noting_source>(file_of_1000_slices(800), reads)};
  static_cast<void>(in.header());
  CHECK(in.codec() == mrcz::codec::lz4);
  CHECK(in.shape() == mrcz::shape{1000, 4, 5});
  static_cast<void>(in.statistics());
  CHECK(reads == std::vector<std::size_t>{1024, 16});
  CHECK(in.extended_header().bytes.size() == 800);
  CHECK(reads == std::vector<std::size_t>{1024, 16, 800});
  CHECK(in.slices().complete() == 1000);
  CHECK(reads.size() == 3 + 1000);
  CHECK(reads.back() == 16);
}

TEST_CASE("a compressed file is opened without looking for its slices, which are found when they are needed") {
  std::vector<std::byte> content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), {.compression = {.codec = mrcz::codec::zstd}}};
  out.append(test::counts<float>({50, 4, 5}));
  out.close();
  std::atomic<std::uint64_t> count = 0;
  const mrcz::reader in{std::make_unique<test::counting_source>(std::move(content), count)};
  CHECK(in.codec() == mrcz::codec::zstd);
  CHECK(in.shape() == mrcz::shape{50, 4, 5});
  CHECK(count == mrcz::header_size + 16);
  CHECK(in.slices().complete() == 50);
  CHECK(count == mrcz::header_size + 16 + 50 * 16);
  CHECK(&in.slices() == &in.slices());
  CHECK(count == mrcz::header_size + 16 + 50 * 16);
}
