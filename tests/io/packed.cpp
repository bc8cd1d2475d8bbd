#include "mrcz/io/packed.hpp"

#include <memory>
#include <stop_token>

#include <doctest/doctest.h>

#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/environment.hpp"
#include "tests/io/support.hpp"
#include "tests/packings.hpp"

namespace {

using bytes = std::vector<std::byte>;

bytes bytes_of_size(std::size_t size) {
  bytes content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i * i / 700);
  return content;
}

bytes unpacked(mrcz::packing how, const bytes& packed, bool incomplete = false, std::size_t at_once = 1000) {
  const mrcz::memory_source source{packed, "a.gz"};
  mrcz::detail::source_in_order in_order{source};
  mrcz::detail::unpacked_stream stream{in_order, how, incomplete};
  bytes content;
  for (;;) {
    const std::size_t before = content.size();
    content.resize(before + at_once);
    const std::size_t count = stream.read(std::span{content}.subspan(before));
    content.resize(before + count);
    if (count < at_once) break;
  }
  CHECK(stream.name() == "a.gz");
  return content;
}

const mrcz::packing written[]{mrcz::packing::none, mrcz::packing::gzip, mrcz::packing::zstd};

}  // namespace

TEST_CASE("a packed source is read in order") {
  for (const std::size_t size : {0U, 1U, 5000U, 300'000U}) {
    const auto content = bytes_of_size(size);
    for (const auto how : test::packings())
      for (const std::size_t at_once : {7U, 1000U, 500'000U})
        CHECK(unpacked(how, test::packed_by(how, content), false, at_once) == content);
  }
}

TEST_CASE("a packed source that was cut off says where, or ends there if that was allowed") {
  const auto content = bytes_of_size(300'000);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    auto packed = test::packed_by(how, content);
    packed.resize(packed.size() / 2);
    try {
      unpacked(how, packed);
      FAIL("nothing was thrown");
    } catch (const mrcz::error& e) {
      CHECK(e.code() == mrcz::errc::truncated);
      CHECK(e.path() == "a.gz");
      CHECK(e.byte() == packed.size());
      CHECK(e.found().starts_with(fmt::format("the data of {} end after ", mrcz::name_of(how))));
      CHECK(e.found().ends_with(" unpacked bytes: they were cut off"));
    }
    const auto found = unpacked(how, packed, true);
    REQUIRE(found.size() < content.size());
    CHECK(found == bytes(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(found.size())));
  }
}

TEST_CASE("damage in a packed source is named, with its place in what is unpacked") {
  const auto content = bytes_of_size(300'000);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    auto packed = test::packed_by(how, content);
    packed[packed.size() / 2] ^= std::byte{0xff};
    for (const bool incomplete : {false, true}) {
      const auto thrown = test::failure_of([&] { unpacked(how, packed, incomplete); });
      REQUIRE(thrown);
      CHECK(thrown->code == mrcz::errc::bad_packing);
      CHECK(thrown->mentions(fmt::format("a.gz: the data of {} are damaged after ", mrcz::name_of(how))));
      CHECK(thrown->mentions(" unpacked bytes: "));
      CHECK(thrown->mentions(" (byte "));
    }
  }
}

TEST_CASE("what we pack is one stream that unpacks to the same bytes, with any number of threads") {
  for (const std::size_t size : {0U, 1U, 1U << 20U, (1U << 20U) + 1, 3'500'000U}) {
    CAPTURE(size);
    const mrcz::memory_source content{bytes_of_size(size)};
    for (const auto how : written)
      for (const std::size_t threads : {1U, 3U}) {
        bytes packed;
        mrcz::memory_sink sink{packed};
        mrcz::detail::sink_in_order to{sink};
        mrcz::detail::pack(content, how, threads, nullptr, to);
        sink.publish();
        const auto found = how == mrcz::packing::none ? packed : unpacked(how, packed);
        CHECK(found == bytes_of_size(size));
        if (how == mrcz::packing::none) continue;
        CHECK(mrcz::detail::packing_of(packed) == how);
        CHECK(test::decoded(*mrcz::detail::decoder_for(how), packed) == found);
      }
  }
}

TEST_CASE("a sink packs what was written in any order when it is published") {
  const test::scratch_folder folder;
  const auto content = bytes_of_size(3'000'000);
  for (const auto how : written) {
    CAPTURE(mrcz::name_of(how));
    mrcz::detail::packed_sink sink{std::make_unique<mrcz::atomic_file>(folder / "a", mrcz::durability::none, true), how,
                                   2, nullptr};
    CHECK(sink.name() == (folder / "a").string());
    sink.write_at(1000, std::span{content}.subspan(1000));
#if !defined(_WIN32)  // which has no files without names
    CHECK(folder.files().size() == (std::filesystem::exists(folder / "a") ? 1 : 0));
#endif
    sink.write_at(0, std::span{content}.first(1000));
    sink.publish();
    const auto packed = test::bytes_of(folder / "a");
    CHECK((how == mrcz::packing::none ? packed : unpacked(how, packed)) == content);
    CHECK(folder.files().size() == 1);
  }
}

TEST_CASE("a sink that is not published, or fails, leaves nothing") {
  const test::scratch_folder folder;
  const auto make = [&](const std::stop_token* stop) {
    auto sink = std::make_unique<mrcz::detail::packed_sink>(
        std::make_unique<mrcz::atomic_file>(folder / "a", mrcz::durability::none, true), mrcz::packing::gzip, 2, stop);
    sink->write_at(0, bytes_of_size(100'000));
    return sink;
  };
  make(nullptr).reset();
  CHECK(folder.files().empty());
  std::stop_source stop;
  const auto token = stop.get_token();
  auto sink = make(&token);
  stop.request_stop();
  const auto thrown = test::failure_of([&] { sink->publish(); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::stopped);
  sink.reset();
  CHECK(folder.files().empty());
}

TEST_CASE("a sink without a folder waits in the folder for temporary files") {
  const test::scratch_folder folder;
  bytes packed;
  {
    const test::environment_variable tmpdir{test::temporary_folder, (folder / "nothing").string()};
    const auto thrown = test::failure_of([&] {
      mrcz::detail::packed_sink{std::make_unique<mrcz::memory_sink>(packed, "far away"), mrcz::packing::gzip, 1,
                                nullptr};
    });
    REQUIRE(thrown);
    CHECK(thrown->mentions(
        fmt::format("far away: needs a temporary file, but {} is no folder", mrcz::detail::temporary_folders)));
  }
  mrcz::detail::packed_sink sink{std::make_unique<mrcz::memory_sink>(packed, "far away"), mrcz::packing::gzip, 1,
                                 nullptr};
  sink.write_at(0, bytes_of_size(5000));
  sink.publish();
  CHECK(unpacked(mrcz::packing::gzip, packed) == bytes_of_size(5000));
}

TEST_CASE("packings that are only read, or unknown, are not written") {
  const auto refused = [](mrcz::packing how) { return test::failure_of([&] { mrcz::detail::require_writable(how); }); };
  for (const auto how : {mrcz::packing::bzip2, mrcz::packing::xz}) {
    CHECK(refused(how)->code == mrcz::errc::bad_option);
    CHECK(refused(how)->mentions(
        fmt::format("packing is {}, which is only read, expected gzip or zstd", mrcz::name_of(how))));
  }
  CHECK(refused(static_cast<mrcz::packing>(7))->mentions("packing 7 is unknown"));
  for (const auto how : written) CHECK_FALSE(refused(how));
}
