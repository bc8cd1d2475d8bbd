#include "mrcz/slice_unpacker.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "mrcz/io/memory.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/writer.hpp"
#include "tests/support.hpp"
#include "tests/whole_files.hpp"

namespace {

std::vector<std::byte> file_of(const mrcz::volume<float>& voxels, const mrcz::write_options& options) {
  std::vector<std::byte> file;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(file), options};
  out.append(voxels);
  out.close();
  return file;
}

mrcz::volume<float> large() {
  auto voxels = mrcz::detail::make_volume<float>({2, 1500, 1100});  // 6.3 MiB per slice: worth several threads
  for (std::size_t i = 0; i < voxels.size(); ++i) voxels.data()[i] = static_cast<float>(i * 2654435761U % 1000);
  return voxels;
}

}  // namespace

TEST_CASE("voxels are the same for every number of threads, also where one slice is spread over several") {
  const auto voxels = large();
  for (const auto codec : {mrcz::codec::none, mrcz::codec::lz4, mrcz::codec::zstd})
    for (const std::size_t threads : {1U, 2U, 3U, 7U}) {
      const mrcz::reader in{std::make_unique<mrcz::memory_source>(file_of(voxels, {.compression = {.codec = codec}})),
                            {.threads = threads}};
      CHECK(in.read<float>() == voxels);
      CHECK(in.read_slice<float>(1) == xt::view(voxels, 1, xt::all(), xt::all()));
      CHECK(in.read_slice<double>(1) == xt::view(voxels, 1, xt::all(), xt::all()));
    }
}

TEST_CASE("a region reads its rows of an uncompressed file and its blocks of a compressed one") {
  const auto voxels = large();
  for (const auto codec : {mrcz::codec::none, mrcz::codec::zstd}) {
    std::atomic<std::uint64_t> read = 0;
    auto file = file_of(voxels, {.compression = {.codec = codec}});
    const std::size_t size = file.size();
    const mrcz::reader in{std::make_unique<test::counting_source>(std::move(file), read)};
    read = 0;
    const auto box = in.read_region<float>({.z = {1, 1}, .y = {700, 20}, .x = {30, 40}});
    CHECK(box == xt::view(voxels, xt::range(1, 2), xt::range(700, 720), xt::range(30, 70)));
    CHECK(read > 0);
    CHECK(read < size / 10);
  }
}

TEST_CASE("slices too large for the caches are converted to the same voxels, compressed or not") {
  const auto voxels = large();
  for (const auto codec : {mrcz::codec::none, mrcz::codec::lz4})
    for (const auto order : {std::endian::little, std::endian::big}) {
      const auto file =
          file_of(voxels, {.compression = {.codec = codec}, .mode = mrcz::mode::int16, .byte_order = order});
      for (const std::size_t threads : {1U, 3U}) {
        const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::span{file}), {.threads = threads}};
        CHECK(in.read<float>() == voxels);
        CHECK(in.read_region<float>({.y = {3}}) ==
              mrcz::volume<float>(xt::view(voxels, xt::all(), xt::range(3, xt::placeholders::_), xt::all())));
      }
    }
}

TEST_CASE("an error of the source keeps its cause") {
  class failing_source final : public mrcz::byte_source {
   public:
    explicit failing_source(std::vector<std::byte>&& content) : content_{std::move(content)} {}
    std::uint64_t size() const override { return content_.size(); }
    void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
      if (offset > 1024)
        throw mrcz::error{make_error_code(mrcz::errc::caller_failed), "no net",
                          std::make_exception_ptr(std::runtime_error{"cable"})};
      content_.read_at(offset, into);
    }
    std::string name() const override { return "remote"; }

   private:
    mrcz::memory_source content_;
  };
  const mrcz::reader in{std::make_unique<failing_source>(file_of(large(), {}))};
  try {
    (void)in.read_slice<float>(1);
    FAIL("nothing was thrown");
  } catch (const mrcz::error& e) {
    CHECK(e.code() == mrcz::errc::caller_failed);
    REQUIRE(e.cause() != nullptr);
    CHECK_THROWS_WITH_AS(std::rethrow_exception(e.cause()), "cable", std::runtime_error);
  }
}

TEST_CASE("an error in a part of a slice names file, slice and byte") {
  auto file = file_of(large(), {.compression = {.codec = mrcz::codec::zstd}});
  const mrcz::reader whole{std::make_unique<mrcz::memory_source>(std::vector(file))};
  const auto second = whole.slices()[1].offset;
  file[second + 19] ^= std::byte{0x7f};  // the first block now begins far behind the chunk
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(std::move(file), "movie")};
  const auto failure = test::failure_of([&] { (void)in.read_region<float>({.z = {1, 1}, .y = {700, 20}}); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_chunk);
  CHECK(failure->message.starts_with("movie: "));
  CHECK(failure->mentions(fmt::format("(slice 1, byte {})", second)));
  CHECK(in.read_slice<float>(0)(0, 0) == 0.0F);
}

TEST_CASE("small slices that are read together fail one by one, so that the error names the right one") {
  /// A disk with a bad sector in slice 7.
  class bad_sector final : public mrcz::byte_source {
   public:
    explicit bad_sector(std::vector<std::byte>&& content) : content_{std::move(content)} {}
    std::uint64_t size() const override { return content_.size(); }
    void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
      if (offset <= bad_ && bad_ < offset + into.size())
        mrcz::detail::fail_system(std::make_error_code(std::errc::io_error), "cannot read");
      content_.read_at(offset, into);
    }
    std::string name() const override { return "disk"; }

   private:
    std::uint64_t bad_ = 1024 + 7 * 80 + 3;
    mrcz::memory_source content_;
  };
  auto voxels = mrcz::detail::make_volume<float>({100, 4, 5});
  for (std::size_t i = 0; i < voxels.size(); ++i) voxels.data()[i] = static_cast<float>(i);
  const mrcz::reader in{std::make_unique<bad_sector>(file_of(voxels, {})), {.threads = 1}};
  try {
    in.read<float>();
    FAIL("nothing was thrown");
  } catch (const mrcz::error& e) {
    CHECK(e.code() == std::errc::io_error);
    CHECK(e.slice() == 7U);
    CHECK(e.byte() == 1024U + 7 * 80);
    CHECK(e.path() == "disk");
  }
  const auto sound = in.read_slices<float>({8, 9, 99});
  CHECK(xt::view(sound, xt::range(0, 2)) == xt::view(voxels, xt::range(8, 10)));
  CHECK(xt::view(sound, 2) == xt::view(voxels, 99));
}
