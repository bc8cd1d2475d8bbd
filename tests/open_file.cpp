#include "mrcz/open_file.hpp"

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <unistd.h>

#include <doctest/doctest.h>

#include "mrcz/edit.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/io/sequential.hpp"
#include "mrcz/mapped_volume.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/read.hpp"
#include "mrcz/read_header.hpp"
#include "mrcz/validate.hpp"
#include "mrcz/write.hpp"
#include "tests/environment.hpp"
#include "tests/packings.hpp"
#include "tests/sanitized.hpp"
#include "tests/whole_files.hpp"

namespace {

using test::bytes;

const mrcz::shape extents{5, 20, 30};

bytes joined(bytes a, std::span<const std::byte> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A volume as an uncompressed file, with metadata, and as a compressed file.
std::array<bytes, 2> both_files() {
  const auto voxels = test::counts<std::int16_t>(extents);
  return {test::file_with(voxels, {}, {{"detector", "K3"}}),
          test::file_with(voxels, {.compression = {.codec = mrcz::codec::zstd}}, {{"detector", "K3"}})};
}

bool has_the_voxels(const mrcz::reader& in) { return in.read<std::int16_t>() == test::counts<std::int16_t>(extents); }

/// Opens and reads a file. Returns false if that is refused with an error that names the file. Other voxels than those
/// that were written must never come out.
bool is_read(const bytes& file, const mrcz::read_options& options = {}) {
  const auto thrown = test::failure_of([&] {
    const mrcz::reader in{std::make_unique<mrcz::memory_source>(file, "a.gz"), options};
    CHECK(has_the_voxels(in));
  });
  if (thrown) CHECK(thrown->mentions("a.gz: "));
  return !thrown;
}

/// A header that says how many voxels of mode 0 follow.
bytes header_of(std::int32_t nx, std::int32_t ny, std::int32_t nz) {
  mrcz::header h;
  h.nx = nx, h.ny = ny, h.nz = nz, h.mode = 0;
  const auto encoded = mrcz::encode(h);
  return {encoded.begin(), encoded.end()};
}

}  // namespace

TEST_CASE("a packed file is read like a plain one, and is known by its content") {
  const test::scratch_folder folder;
  for (const auto& plain : both_files())
    for (const auto how : test::packings()) {
      CAPTURE(mrcz::name_of(how));
      const auto path = folder / "a.map";
      test::write_bytes(path, test::packed_by(how, plain));
      for (const std::uint64_t spool_bytes : {std::uint64_t{0}, mrcz::detail::default_spool_bytes}) {
        const mrcz::reader in{path, {.spool_bytes = spool_bytes}};
        CHECK(has_the_voxels(in));
        CHECK(in.packing() == how);
        CHECK(in.source().size() == plain.size());
        CHECK(in.source().name() == path.string());
        CHECK(in.source().in_memory().empty() == (spool_bytes == 0));
        CHECK(in.metadata().at("detector") == "K3");
        CHECK(in.remarks().empty());
      }
      CHECK(mrcz::read<float>(path) == test::counts<float>(extents));
      CHECK(mrcz::validate(path).empty());
      const auto [header, extended] = mrcz::read_header(path);
      CHECK(header.nx == 30);
      CHECK(mrcz::parse_metadata(extended).at("detector") == "K3");
    }
}

TEST_CASE("streams that follow each other, and zeros at the end, are read as their programs read them") {
  for (const auto& plain : both_files())
    for (const auto how : test::packings()) {
      CAPTURE(mrcz::name_of(how));
      const auto both = joined(test::packed_by(how, std::span{plain}.first(1500)),
                               test::packed_by(how, std::span{plain}.subspan(1500)));
      CHECK(is_read(both));
      CHECK(is_read(joined(test::packed_by(how, std::span{plain}.first(10)),
                           test::packed_by(how, std::span{plain}.subspan(10)))));
      CHECK(is_read(joined(both, bytes(512))) == (how != mrcz::packing::zstd));
    }
}

TEST_CASE("every truncation of a packed file is refused, unless all is there without what is missing") {
  for (const auto& plain : both_files())
    for (const auto how : test::packings()) {
      CAPTURE(mrcz::name_of(how));
      const auto packed = test::packed_by(how, plain);
      const auto is_at_an_end = [&](std::size_t length) { return length <= 300 || length + 300 >= packed.size(); };
      for (std::size_t length = 0; length < packed.size(); length += is_at_an_end(length) ? 1U : 37U) {
        CAPTURE(length);
        const auto cut = test::first(packed, length);
        CHECK_FALSE(is_read(cut));
        const auto findings = mrcz::validate(std::make_unique<mrcz::memory_source>(cut));
        CHECK_FALSE(findings.empty());
      }
    }
}

TEST_CASE("each changed byte at the beginning and end of a packed file is refused, or changes no voxel") {
  for (const auto& plain : both_files())
    for (const auto how : test::packings()) {
      CAPTURE(mrcz::name_of(how));
      const auto packed = test::packed_by(how, plain);
      std::size_t refused = 0;
      for (std::size_t at = 0; at < packed.size(); at == 200 && packed.size() > 400 ? at = packed.size() - 200 : ++at)
        for (const unsigned flipped : {0x01U, 0xffU, 0x08U, 0x40U}) {
          if (MRCZ_TEST_SANITIZED != 0 && flipped == 0x08U) break;  // these programs take ten times as long
          auto damaged = packed;
          damaged[at] ^= static_cast<std::byte>(flipped);
          if (!is_read(damaged)) ++refused;
        }
      CHECK(refused > 500);
    }
}

TEST_CASE("a packed file that was cut off is read as far as it goes, if that is asked for") {
  const auto plain = test::file_with(test::counts<float>({50, 40, 50}));
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    if (how == mrcz::packing::bzip2) continue;  // one block holds all of it
    auto packed = test::packed_by(how, plain);
    packed.resize(packed.size() * 9 / 10);
    const auto open = [&](bool incomplete) {
      return mrcz::reader{std::make_unique<mrcz::memory_source>(packed), {.incomplete = incomplete}};
    };
    CHECK(test::failure_of([&] { open(false); })->code == mrcz::errc::truncated);
    const auto in = open(true);
    const std::size_t slices = in.shape()[0];
    CHECK(slices < 50);
    CHECK(slices > (how == mrcz::packing::zstd ? 0 : 30));
    CHECK(in.read<float>() == xt::view(test::counts<float>({50, 40, 50}), xt::range(0, slices)));
  }
}

TEST_CASE("a packed file that holds more than its header says is refused there") {
  const bytes volume = joined(header_of(10, 10, 10), bytes(1000));
  const std::size_t tolerated = std::size_t{1} << 20U;
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto open = [&](std::size_t more) {
      const auto packed = test::packed_by(how, joined(volume, bytes(more)));
      return mrcz::reader{std::make_unique<mrcz::memory_source>(packed, "bomb")}.source().size();
    };
    CHECK(open(0) == 2024);
    CHECK(open(tolerated) == 2024 + tolerated);
    for (const std::size_t more : {tolerated + 1, 20 * tolerated}) {
      const auto thrown = test::failure_of([&] { open(more); });
      REQUIRE(thrown);
      CHECK(thrown->code == mrcz::errc::too_large);
      CHECK(thrown->mentions("bomb: holds more than 1050600 bytes; its header says that it has 2024"));
    }
  }
}

TEST_CASE("a kilobyte that claims 100 GB takes neither memory nor time") {
  const bytes claim = joined(header_of(100'000, 100'000, 10), bytes(2000));  // less than a slice
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto packed = test::packed_by(how, claim);
    CHECK(packed.size() < 1024);
    const mrcz::reader in{std::make_unique<mrcz::memory_source>(packed, "bomb")};
    CHECK(in.source().size() == claim.size());
    const auto thrown = test::failure_of([&] { in.read<float>(); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::truncated);
    CHECK_FALSE(mrcz::validate(std::make_unique<mrcz::memory_source>(packed)).empty());
  }
}

TEST_CASE("how many bytes a header justifies is known whatever it says") {
  mrcz::header h;
  CHECK(mrcz::detail::most_bytes(h) == 0);
  h.nx = h.ny = h.nz = 10;
  h.mode = 2;
  CHECK(mrcz::detail::most_bytes(h) == 1024 + 4000);
  h.nsymbt = 80;
  CHECK(mrcz::detail::most_bytes(h) == 1024 + 80 + 4000);
  h.nsymbt = -80;
  CHECK(mrcz::detail::most_bytes(h) == 1024 + 4000);
  h.mode = 6002;  // zstd
  CHECK(mrcz::detail::most_bytes(h) == 1024 + 10 * (400 + 16));
  h.nx = h.ny = h.nz = std::numeric_limits<std::int32_t>::max();
  CHECK(mrcz::detail::most_bytes(h) == UINT64_MAX);
  h.mode = 77;
  CHECK(mrcz::detail::most_bytes(h) == 0);
}

TEST_CASE("more than stays in memory goes to the folder for temporary files, and an error names that folder") {
  const test::scratch_folder folder;
  const auto plain = both_files()[0];
  for (const auto how : test::packings()) {
    const auto packed = test::packed_by(how, plain);
    const test::environment_variable tmpdir{"TMPDIR", (folder / "nothing").string()};
    CHECK(is_read(packed, {.spool_bytes = plain.size()}));
    const auto thrown = test::failure_of([&] {
      mrcz::reader{std::make_unique<mrcz::memory_source>(packed, "a.gz"), {.spool_bytes = plain.size() - 1}};
    });
    REQUIRE(thrown);
    CHECK(thrown->mentions("a.gz: needs a temporary file, but TMPDIR, or else /tmp, is no folder"));
  }
}

TEST_CASE("a plain file is opened by reading what was read before") {
  for (const auto& plain : both_files()) {
    std::atomic<std::uint64_t> count = 0;
    auto content = plain;
    const auto opened = mrcz::detail::open_file(std::make_unique<test::counting_source>(std::move(content), count));
    CHECK(count == mrcz::header_size);
    CHECK(opened.packing == mrcz::packing::none);
    CHECK(opened.header.nx == 30);
  }
}

TEST_CASE("of a packed file only the headers are unpacked for its headers") {
  const test::scratch_folder folder;
  const auto path = folder / "a.map";
  const bytes plain = test::file_with(test::counts<float>({40, 50, 60}), {}, {{"detector", "K3"}});
  const bytes compressed =
      test::file_with(test::counts<float>({40, 50, 60}), {.compression = {.codec = mrcz::codec::lz4}});
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    if (how == mrcz::packing::bzip2) continue;  // one block holds all of it
    auto packed = test::packed_by(how, plain);
    packed.resize(packed.size() / 2);
    test::write_bytes(path, packed);
    CHECK(test::failure_of([&] { mrcz::reader{path}; })->code == mrcz::errc::truncated);
    auto opened = mrcz::detail::open_headers(std::make_unique<mrcz::file_source>(path));
    CHECK(opened.packing == how);
    CHECK(opened.only_headers);
    CHECK(opened.source->size() == plain.size());
    CHECK(opened.source->name() == path.string());
    const mrcz::reader in{std::move(opened.source)};
    CHECK(in.slices().complete() == 40);
    CHECK(in.metadata().at("detector") == "K3");
    const auto thrown = test::failure_of([&] { in.read<float>(); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::out_of_range);
    CHECK(thrown->mentions("only the headers were unpacked"));

    test::write_bytes(path, test::packed_by(how, compressed));
    const mrcz::reader whole{mrcz::detail::open_headers(std::make_unique<mrcz::file_source>(path)).source};
    CHECK(whole.read<float>() == test::counts<float>({40, 50, 60}));
    test::write_bytes(path, test::packed_by(how, std::span{plain}.first(1030)));
    CHECK(test::failure_of([&] { mrcz::read_header(path); })->code == mrcz::errc::bad_header);
  }
}

TEST_CASE("a pipe is read like a file, plain or packed") {
  for (const auto& plain : both_files()) {
    std::vector<std::pair<mrcz::packing, bytes>> files{{mrcz::packing::none, plain}};
    for (const auto how : test::packings()) files.emplace_back(how, test::packed_by(how, plain));
    for (const auto& file : files)
      for (const std::uint64_t spool_bytes : {0U, 100'000U}) {
        CAPTURE(mrcz::name_of(file.first));
        const mrcz::memory_source source{file.second, "standard input"};
        mrcz::detail::source_in_order pipe{source};
        const mrcz::reader in{pipe, {.spool_bytes = spool_bytes}};
        CHECK(has_the_voxels(in));
        CHECK(in.packing() == file.first);
        CHECK(in.source().name() == "standard input");
      }
  }
}

TEST_CASE("standard input is a source") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto plain = both_files()[0];
  REQUIRE(::write(ends[1], plain.data(), plain.size()) == static_cast<ssize_t>(plain.size()));
  ::close(ends[1]);
  mrcz::descriptor_source from{ends[0], "standard input"};
  CHECK(has_the_voxels(mrcz::reader{from}));
  ::close(ends[0]);
}

TEST_CASE("a pipe that ends too early is a file that was cut off") {
  const auto voxels = test::counts<std::int16_t>(extents);
  const auto plain = test::file_with(voxels);
  const auto open = [&](std::size_t length, bool incomplete) {
    const mrcz::memory_source source{std::span{plain}.first(length), "standard input"};
    mrcz::detail::source_in_order pipe{source};
    return mrcz::reader{pipe, {.incomplete = incomplete}};
  };
  const auto cut = plain.size() - 1300;  // in the second slice from the end
  const auto thrown = test::failure_of([&] { open(cut, false).read<float>(); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::truncated);
  CHECK(thrown->mentions(fmt::format("standard input: file ends at byte {}", cut)));
  CHECK(open(cut, true).read<std::int16_t>() == xt::view(voxels, xt::range(0, 3)));
  for (const std::size_t length : {0U, 1U, 500U, 1023U}) {
    const auto failure = test::failure_of([&] { open(length, false); });
    REQUIRE(failure);
    CHECK(failure->code == mrcz::errc::not_mrc);
    CHECK(failure->mentions("standard input: is not an MRC file"));
  }
}

TEST_CASE("an endless pipe is refused once it is longer than its header says") {
  class endless final : public mrcz::sequential_source {
   public:
    std::size_t read(std::span<std::byte> into) override {
      for (std::byte& b : into) b = given_ < beginning_.size() ? beginning_[given_++] : std::byte{0};
      return into.size();
    }
    std::string name() const override { return "tap"; }

   private:
    bytes beginning_ = header_of(10, 10, 10);
    std::size_t given_ = 0;
  };
  endless tap;
  const auto thrown = test::failure_of([&] { mrcz::reader{tap}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
}

TEST_CASE("what is packed but no MRC file is told what it is") {
  const auto message_about = [](const bytes& plain) {
    const auto packed = test::packed_by(mrcz::packing::gzip, plain);
    const auto thrown = test::failure_of([&] { mrcz::reader{std::make_unique<mrcz::memory_source>(packed, "a.gz")}; });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::not_mrc);
    return thrown->message;
  };
  CHECK(message_about({}) ==
        "a.gz: is not an MRC file but an empty file; whatever wrote, copied or downloaded it did not finish; this is "
        "about what gzip packed");
  CHECK(message_about(bytes(2000, std::byte{0xfe})).ends_with("; this is about what gzip packed"));
  CHECK(message_about(test::packed_by(mrcz::packing::gzip, both_files()[0])).find("but a file that gzip packed") !=
        std::string::npos);
}

TEST_CASE("a file of MRC may begin with the bytes of a packed one") {
  mrcz::header h;
  h.nx = 0x00088b1f;  // as gzip begins
  h.ny = h.nz = 1;
  h.mode = 0;
  const auto encoded = mrcz::encode(h);
  bytes file{encoded.begin(), encoded.end()};
  file.resize(file.size() + static_cast<std::size_t>(h.nx), std::byte{5});
  const mrcz::reader in{std::make_unique<mrcz::memory_source>(file)};
  CHECK(in.packing() == mrcz::packing::none);
  CHECK(in.read<std::int8_t>()(0, 0, 100) == 5);
}

TEST_CASE("a packed file is not changed in place, and not mapped") {
  const test::scratch_folder folder;
  const auto voxels = test::counts<std::int16_t>(extents);
  for (const auto how : test::packings()) {
    CAPTURE(mrcz::name_of(how));
    const auto path = folder / "a.map";
    const auto packed = test::packed_by(how, both_files()[0]);
    test::write_bytes(path, packed);
    const auto appended = test::failure_of([&] { mrcz::append_to(path, voxels); });
    REQUIRE(appended);
    CHECK(appended->code == mrcz::errc::bad_option);
    CHECK(appended->message ==
          fmt::format("{}: is packed by {}, so nothing can be appended to it; unpack it first, for "
                      "instance with {} -d",
                      path.string(), mrcz::name_of(how), mrcz::name_of(how)));
    const auto edited = test::failure_of([&] { mrcz::edit(path, [](auto& header) { header.ispg = 1; }); });
    REQUIRE(edited);
    CHECK(edited->code == mrcz::errc::bad_option);
    CHECK(edited->mentions(fmt::format("is packed by {}, so it cannot be changed in place", mrcz::name_of(how))));
    const auto mapped = test::failure_of([&] { mrcz::mapped_volume<std::int16_t>{path}; });
    REQUIRE(mapped);
    CHECK(mapped->code == mrcz::errc::not_mappable);
    CHECK(mapped->mentions(
        fmt::format("{}: file is packed by {}, so the file cannot be mapped", path.string(), mrcz::name_of(how))));
    CHECK(test::bytes_of(path) == packed);
  }
}

TEST_CASE("a bloscpack file is refused by a program without the wing, and the message names header and target") {
  bytes file(2000);
  std::copy_n(reinterpret_cast<const std::byte*>("blpk"), 4, file.begin());
  const auto thrown = test::failure_of([&] { mrcz::reader{std::make_unique<mrcz::memory_source>(file, "a.blp")}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::not_mrc);
  CHECK(
      thrown->mentions("a.blp: is not an MRC file but a bloscpack file; a program that includes mrcz/bloscpack.hpp "
                       "and links mrcz::bloscpack reads an MRC file inside"));
}

TEST_CASE("damage in a packed file is a finding") {
  auto packed = test::packed_by(mrcz::packing::gzip, both_files()[0]);
  packed.back() ^= std::byte{1};
  const auto findings = mrcz::validate(std::make_unique<mrcz::memory_source>(packed));
  REQUIRE(findings.size() == 1);
  CHECK(to_string(findings[0]).starts_with("error: file (byte "));
  CHECK(to_string(findings[0]).find("the data of gzip are damaged after ") != std::string::npos);
}

TEST_CASE("a requested stop ends unpacking") {
  std::stop_source source;
  source.request_stop();
  const auto token = source.get_token();
  const auto packed = test::packed_by(mrcz::packing::gzip, both_files()[0]);
  const auto thrown =
      test::failure_of([&] { mrcz::reader{std::make_unique<mrcz::memory_source>(packed), {.stop = &token}}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::stopped);
}
