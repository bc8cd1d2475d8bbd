#include "mrcz/io/undo_record.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/core/endian.hpp"
#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/locked_file.hpp"
#include "tests/io/support.hpp"

using mrcz::detail::byte_range;
using mrcz::detail::locked_file;
using mrcz::detail::undo_record;
using bytes = std::vector<std::byte>;

namespace {

/// 70,000 bytes without a pattern that repeats.
bytes content() {
  bytes all(70'000);
  std::uint32_t state = 1;
  for (auto& b : all) b = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24U);
  return all;
}

std::uint64_t digest_of(const bytes& all, std::size_t begin, std::size_t end) {
  std::uint64_t digest = 14695981039346656037U;
  for (std::size_t i = begin; i < end; ++i) digest = (digest ^ std::to_integer<std::uint64_t>(all[i])) * 1099511628211U;
  return digest;
}

constexpr byte_range ranges[]{{10, 20}, {5000, 3000}, {69'990, 100}};

/// Leaves the file as a program does that is killed while it overwrites the ranges: bytes from `begin` to `end` of each
/// range are new already.
void interrupt(const std::filesystem::path& path, std::uint64_t begin, std::uint64_t end) {
  mrcz::file opened{path, mrcz::file::access::read_write};
  undo_record{path}.keep(opened, ranges);
  for (const auto& range : ranges) {
    const auto from = std::min(begin, range.count);
    opened.write_at(range.offset + from, bytes(static_cast<std::size_t>(std::min(end, range.count) - from)));
  }
}

}  // namespace

TEST_CASE("an interrupted change is undone by the next opening for writing, whatever was written already") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  for (const std::uint64_t end : {0U, 1U, 15U, 99U, 100U, 2999U, 3000U}) {
    for (const std::uint64_t begin : {std::uint64_t{0}, end / 2}) {
      CAPTURE(begin);
      CAPTURE(end);
      test::write_bytes(path, content());
      interrupt(path, begin, end);
      const auto pending = mrcz::pending_undo(path);
      REQUIRE(pending);
      CHECK(pending->fits);
      CHECK(pending->offset == 10);
      CHECK(pending->bytes == 20 + 3000 + 10);
      CHECK(pending->record.filename() == "a.undo");
      {
        const locked_file opened{path};
        CHECK(opened.size() == 70'000);
        CHECK(opened.is_unchanged());
      }
      CHECK(test::bytes_of(path) == content());
      CHECK_FALSE(mrcz::pending_undo(path));
      CHECK(folder.files() == std::vector<std::string>{"a"});
    }
  }
}

TEST_CASE("undoing that is interrupted is done again") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  interrupt(path, 0, 3000);
  const bytes record = test::bytes_of(folder / "a.undo");
  {
    const locked_file opened{path};
  }
  test::write_bytes(folder / "a.undo", record);
  {
    const locked_file opened{path};
  }
  CHECK(test::bytes_of(path) == content());
  CHECK(folder.files().size() == 1);
}

TEST_CASE("a record is written down as documented") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", test::text("0123456789"));
  const byte_range two[]{{2, 3}, {7, 9}};
  undo_record{folder / "a"}.keep(mrcz::file{folder / "a", mrcz::file::access::read}, two);
  const bytes record = test::bytes_of(folder / "a.undo");
  const auto number = [&](std::size_t at) {
    return mrcz::detail::load<std::uint64_t>(record.data() + at, std::endian::little);
  };
  REQUIRE(record.size() == 64 + 2 * 16 + 6);
  CHECK(bytes(record.begin(), record.begin() + 8) == test::text("undo-1\r\n"));
  CHECK(number(16) == record.size());
  CHECK(number(24) == 10);
  CHECK(number(40) == mrcz::file{folder / "a", mrcz::file::access::read}.status().identity[1]);
  CHECK(number(56) == 2);
  CHECK(number(64) == 2);
  CHECK(number(72) == 3);
  CHECK(number(80) == 7);
  CHECK(number(88) == 3);
  CHECK(bytes(record.begin() + 96, record.end()) == test::text("234789"));
  CHECK(number(8) == digest_of(record, 16, 96));
  CHECK(number(48) == digest_of(record, 96, record.size()));
}

TEST_CASE("a record that is cut off or damaged is from before the change, and is removed") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  interrupt(path, 0, 0);
  const bytes whole = test::bytes_of(folder / "a.undo");
  const auto is_removed = [&](const bytes& record) {
    test::write_bytes(folder / "a.undo", record);
    CHECK_FALSE(mrcz::pending_undo(path));
    {
      const locked_file opened{path};
    }
    return test::bytes_of(path) == content() && folder.files().size() == 1;
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{15},
                                 std::size_t{16}, std::size_t{63}, std::size_t{64}, std::size_t{120}, whole.size() - 1})
    CHECK(is_removed({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
  for (std::size_t at = 8; at < whole.size(); at += at < 100 ? 1 : 97) {
    bytes damaged = whole;
    damaged[at] ^= std::byte{0x10};
    CHECK(is_removed(damaged));
  }
  CHECK(is_removed(bytes(whole.size())));  // as a power failure may leave it
  bytes longer = whole;
  longer.push_back({});
  CHECK(is_removed(longer));
}

TEST_CASE("a record that lies about its ranges is none, even if its digest is right") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  interrupt(path, 0, 0);
  const bytes whole = test::bytes_of(folder / "a.undo");
  const auto with = [&](std::size_t at, std::uint64_t value) {
    bytes record = whole;
    mrcz::detail::store(record.data() + at, value, std::endian::little);
    const std::size_t range_count = at == 56 && value < 10 ? static_cast<std::size_t>(value) : 3;
    const std::size_t end = 64 + range_count * 16;
    mrcz::detail::store(record.data() + 8, digest_of(record, 16, end), std::endian::little);
    return record;
  };
  const std::uint64_t huge = ~std::uint64_t{0};
  struct lie {
    std::size_t at;
    std::uint64_t value;
  };
  for (const auto& one : {lie{24, 100}, lie{56, huge}, lie{56, 2}, lie{56, 4}, lie{64, huge}, lie{72, huge},
                          lie{72, 5001}, lie{80, 5}, lie{88, 2999}}) {
    CAPTURE(one.at);
    CAPTURE(one.value);
    test::write_bytes(folder / "a.undo", with(one.at, one.value));
    CHECK_FALSE(mrcz::pending_undo(path));
    {
      const locked_file opened{path};
    }
    CHECK(test::bytes_of(path) == content());
  }
}

#if !defined(_WIN32)

namespace {

/// Makes a record that claims to keep all bytes of a file of `claimed` bytes, and has as many of them, all zeros. It
/// takes no space on the storage device.
void forge(const std::filesystem::path& record, std::uint64_t claimed, std::uint64_t number) {
  bytes front(64 + 16);
  const auto put = [&](std::size_t at, std::uint64_t value) {
    mrcz::detail::store(front.data() + at, value, std::endian::little);
  };
  std::ranges::copy(test::text("undo-1\r\n"), front.begin());
  put(16, front.size() + claimed);
  put(24, claimed);
  put(40, number);
  put(56, 1);
  put(72, claimed);
  put(8, digest_of(front, 16, front.size()));
  test::write_bytes(record, front);
  std::filesystem::resize_file(record, front.size() + claimed);
}

constexpr std::uint64_t huge = std::uint64_t{8} << 30U;

}  // namespace

TEST_CASE("of a record of a longer file than there is, only the header is read") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  const auto number = mrcz::file{path, mrcz::file::access::read}.status().identity[1];
  for (const bool of_this_file : {false, true}) {
    forge(folder / "a.undo", huge, of_this_file ? number : number + 1);
    const test::memory_limit limit{std::uint64_t{1} << 30U};
    const auto pending = mrcz::pending_undo(path);
    REQUIRE(pending);
    CHECK_FALSE(pending->fits);
    CHECK(pending->obsolete == !of_this_file);
    CHECK(test::failure_of([&] { const locked_file opened{path}; }).has_value() == of_this_file);
    CHECK(test::bytes_of(path) == content());
  }
}

TEST_CASE("old bytes are kept, verified, compared and put back in pieces, however many there are") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  const std::uint64_t most = std::uint64_t{48} << 20U;  // more than the limit below leaves
  const test::memory_limit limit{std::uint64_t{24} << 20U};
  test::write_bytes(path, content());
  std::filesystem::resize_file(path, most);
  const byte_range nearly_all{100, most - 200};
  {
    mrcz::file opened{path, mrcz::file::access::read_write};
    undo_record{path}.keep(opened, {&nearly_all, 1});
    opened.write_at(1000, test::text("new"));
  }
  CHECK(mrcz::pending_undo(path)->fits);
  {
    const locked_file opened{path};
  }
  bytes beginning(70'000);
  mrcz::file{path, mrcz::file::access::read}.read_at(0, beginning);
  CHECK(beginning == content());
  CHECK(std::filesystem::file_size(path) == most);
  {
    mrcz::file opened{path, mrcz::file::access::read_write};
    undo_record{path}.keep(opened, {&nearly_all, 1});
    opened.write_at(0, test::text("changed by a program that knows no records"));
  }
  CHECK(mrcz::pending_undo(path)->obsolete);
}

#endif

TEST_CASE("a change of more places than a record may have is refused") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  std::vector<byte_range> many;
  for (std::uint64_t i = 0; i < undo_record::most_ranges + 1; ++i) many.push_back({i, 1});
  locked_file opened{path};
  CHECK(test::failure_of([&] { opened.begin_change(many); })->code == mrcz::errc::too_large);
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a file that only has the name of a record stays, and no change begins beside it") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  const auto refused = [&] {
    CHECK_FALSE(mrcz::pending_undo(path));
    locked_file opened{path};
    const auto thrown = test::failure_of([&] { opened.begin_change(ranges); });
    return thrown && thrown->code == std::errc::file_exists && thrown->mentions("a.undo");
  };
  test::write_bytes(folder / "a.undo", test::text("a letter"));
  CHECK(refused());
  CHECK(test::bytes_of(folder / "a.undo") == test::text("a letter"));
  std::filesystem::remove(folder / "a.undo");
  std::filesystem::create_directory(folder / "a.undo");
  CHECK(refused());
  CHECK(test::bytes_of(path) == content());
}

TEST_CASE("a file of zeros is no record to be removed when its neighbour is written") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content());
  test::write_bytes(folder / "a.undo", bytes(1000));
  mrcz::atomic_file made{folder / "a", mrcz::durability::none, true};
  made.write_at(0, content());
  made.publish();
  CHECK(test::bytes_of(folder / "a.undo") == bytes(1000));
}

TEST_CASE("a record is not applied to a file that another program has changed since") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  interrupt(path, 0, 1000);
  const bytes torn = test::bytes_of(path);
  const auto refused = [&](const bytes& other) {
    test::write_bytes(path, other);
    const auto pending = mrcz::pending_undo(path);
    REQUIRE(pending);
    CHECK_FALSE(pending->fits);
    CHECK_FALSE(pending->obsolete);
    const auto thrown = test::failure_of([&] { const locked_file opened{path}; });
    REQUIRE(thrown);
    CHECK(thrown->message.starts_with(path.string() + ": "));
    CHECK(
        thrown->mentions("another program has changed the file since; remove that record if the file is as it "
                         "should be"));
    CHECK(test::bytes_of(path) == other);
    return std::filesystem::exists(folder / "a.undo");
  };
  bytes other = torn;
  other[5] ^= std::byte{1};
  CHECK(refused(other));
  other = torn;
  other[70'000 / 16 * 9] ^= std::byte{1};
  CHECK(refused(other));
  other = torn;
  other.resize(69'999);
  CHECK(refused(other));
  CHECK(refused({}));
}

TEST_CASE("a record of another file that had the name before is removed") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  interrupt(path, 0, 1000);
  bytes other = test::bytes_of(path);
  other[5] ^= std::byte{1};
  test::write_bytes(folder / "new", other);
  std::filesystem::rename(folder / "new", path);  // as a program that is killed before it removes the record
  const auto pending = mrcz::pending_undo(path);
  REQUIRE(pending);
  CHECK_FALSE(pending->fits);
  CHECK(pending->obsolete);
  {
    locked_file opened{path};
    opened.begin_change(ranges);
    opened.end_change();
  }
  CHECK(test::bytes_of(path) == other);
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a record is removed if all bytes that it keeps are in the file, whatever happened to the others") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  for (const std::size_t at : {std::size_t{5}, std::size_t{70'000 / 16 * 9}}) {
    bytes other = content();
    test::write_bytes(path, other);
    interrupt(path, 0, 0);
    other[at] ^= std::byte{1};
    test::write_bytes(path, other);
    CHECK(mrcz::pending_undo(path)->obsolete);
    {
      const locked_file opened{path};
    }
    CHECK(test::bytes_of(path) == other);
    CHECK(folder.files() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("a file and its record may be moved together") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content());
  interrupt(folder / "a", 0, 1000);
  std::filesystem::create_directory(folder / "b");
  std::filesystem::copy_file(folder / "a", folder / "b" / "c");
  std::filesystem::copy_file(folder / "a.undo", folder / "b" / "c.undo");
  {
    const locked_file opened{folder / "b" / "c"};
  }
  CHECK(test::bytes_of(folder / "b" / "c") == content());
}

TEST_CASE("a file that is written anew has no record of its predecessor") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content());
  interrupt(folder / "a", 0, 1000);
  mrcz::atomic_file out{folder / "a", mrcz::durability::none, true};
  out.write_at(0, test::text("new"));
  CHECK(mrcz::pending_undo(folder / "a"));
  out.publish();
  CHECK(folder.files() == std::vector<std::string>{"a"});
  test::write_bytes(folder / "a.undo", test::text("a letter"));
  mrcz::atomic_file again{folder / "a", mrcz::durability::none, true};
  again.publish();
  CHECK(test::bytes_of(folder / "a.undo") == test::text("a letter"));
}

TEST_CASE("a file that takes the name of another one leaves a record of its own alone") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, content());
  const auto number = mrcz::file{path, mrcz::file::access::read}.status().identity[1];
  interrupt(path, 0, 1000);
  const bytes whole = test::bytes_of(folder / "a.undo");
  undo_record{path}.discard_of_others(number);
  CHECK(mrcz::pending_undo(path));
  for (const std::size_t size : {std::size_t{8}, std::size_t{63}, std::size_t{500}}) {  // while it is being written
    bytes part(size);
    std::copy_n(whole.begin(), 8, part.begin());
    test::write_bytes(folder / "a.undo", part);
    undo_record{path}.discard_of_others(number + 1);
    CHECK(test::bytes_of(folder / "a.undo") == part);
  }
  test::write_bytes(folder / "a.undo", whole);
  undo_record{path}.discard_of_others(number + 1);
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("there is no pending change of a file that is missing") {
  const test::scratch_folder folder;
  CHECK_FALSE(mrcz::pending_undo(folder / "a"));
  CHECK_FALSE(mrcz::pending_undo(folder / std::string(255, 'a')));
}

#if !defined(_WIN32)

TEST_CASE("behind a symbolic link the record lies beside the target") {
  const test::scratch_folder folder;
  std::filesystem::create_directory(folder / "far");
  test::write_bytes(folder / "far" / "a", content());
  std::filesystem::create_symlink("far/a", folder / "link");
  interrupt(folder / "link", 0, 1000);
  CHECK(std::filesystem::exists(folder / "far" / "a.undo"));
  CHECK(mrcz::pending_undo(folder / "link"));
  {
    const locked_file opened{folder / "far" / "a"};
  }
  CHECK(test::bytes_of(folder / "link") == content());
}

TEST_CASE("a record has the permissions of its file") {
  const test::scratch_folder folder;
  for (const auto wanted : {std::filesystem::perms{0600}, std::filesystem::perms{0640}, std::filesystem::perms{0644}}) {
    test::write_bytes(folder / "a", content());
    std::filesystem::permissions(folder / "a", wanted);
    interrupt(folder / "a", 0, 0);
    CHECK(std::filesystem::status(folder / "a.undo").permissions() == wanted);
    {
      const locked_file opened{folder / "a"};
    }
  }
}

TEST_CASE("the record of another user is not applied, except that of root") {
  if (::geteuid() != 0) return;
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content());
  interrupt(folder / "a", 0, 1000);
  const bytes changed = test::bytes_of(folder / "a");
  REQUIRE(::chown((folder / "a.undo").c_str(), 12345, 12345) == 0);
  const auto thrown = test::failure_of([&] { const locked_file opened{folder / "a"}; });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::permission_denied);
  CHECK(thrown->mentions("belongs to another user"));
  CHECK(test::bytes_of(folder / "a") == changed);
  REQUIRE(::chown((folder / "a").c_str(), 12345, 12345) == 0);
  {
    const locked_file opened{folder / "a"};
  }
  CHECK(test::bytes_of(folder / "a") == content());
}

TEST_CASE("nothing is overwritten where no record can be written") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", content());
  std::filesystem::permissions(folder / "a", std::filesystem::perms::all);
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  {
    const test::without_privileges nobody;
    locked_file opened{folder / "a"};
    const auto thrown = test::failure_of([&] { opened.begin_change(ranges); });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::permission_denied);
    CHECK(thrown->mentions("a.undo', which keeps the old bytes during the change"));
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  {
    locked_file opened{folder / "a"};
    const test::file_size_limit limit{100};
    CHECK(test::failure_of([&] { opened.begin_change(ranges); }));
  }
  CHECK(folder.files() == std::vector<std::string>{"a"});
  CHECK(test::bytes_of(folder / "a") == content());
}

#endif
