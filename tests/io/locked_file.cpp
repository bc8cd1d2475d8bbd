#include "mrcz/io/locked_file.hpp"

#include <fstream>
#include <memory>
#include <type_traits>

#include <doctest/doctest.h>

#include "tests/io/support.hpp"
#include "tests/io/system_calls.hpp"

static_assert(!std::is_copy_constructible_v<mrcz::detail::locked_file> &&
              !std::is_move_constructible_v<mrcz::detail::locked_file>);

using test::text;

TEST_CASE("a locked file is read like any other, and knows the size that it was found with") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("0123456789"));
  mrcz::detail::locked_file locked{folder / "a"};
  CHECK(locked.name() == (folder / "a").string());
  CHECK(locked.size() == 10);
  locked.write_at(10, text("more"));
  CHECK(locked.size() == 10);
  CHECK(locked.opened().size() == 14);
  std::vector<std::byte> part(4);
  locked.read_at(8, part);
  CHECK(part == text("89mo"));
  locked.truncate(10);
  locked.sync();
  CHECK(test::bytes_of(folder / "a") == text("0123456789"));
}

TEST_CASE("a file is locked by one at a time, until that one is done") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("content"));
  {
    const mrcz::detail::locked_file first{folder / "a"};
    const auto thrown = test::failure_of([&] { const mrcz::detail::locked_file second{folder / "a"}; });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::operation_would_block);
    CHECK(
        thrown->message.starts_with((folder / "a").string() + ": somebody else is appending to it or has locked it: "));
    const mrcz::file reader{folder / "a", mrcz::file::access::read};  // locks do not stop readers that take none
    std::vector<std::byte> bytes(7);
    reader.read_at(0, bytes);
    CHECK(bytes == text("content"));
  }
  const mrcz::detail::locked_file next{folder / "a"};
}

TEST_CASE("what was written through the lock is no change by somebody else") {
  const test::scratch_folder folder;
  for (const std::size_t size : {0U, 5U, 1023U, 1024U, 1025U, 5000U}) {
    test::write_bytes(folder / "a", std::vector<std::byte>(size, std::byte{1}));
    mrcz::detail::locked_file locked{folder / "a"};
    CHECK(locked.is_unchanged());
    for (const std::size_t at : {std::size_t{0}, size / 2, size, size + 10, std::size_t{1020}}) {
      locked.write_at(at, std::vector<std::byte>(30, std::byte{2}));
      CHECK(locked.is_unchanged());
    }
    for (const std::size_t cut : {std::size_t{1030}, std::size_t{1000}, std::size_t{3}, std::size_t{0}}) {
      locked.truncate(cut);
      CHECK(locked.is_unchanged());
      locked.require_unchanged();
    }
  }
}

TEST_CASE("each byte that says what belongs to the file is compared, and the size") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", std::vector<std::byte>(3000, std::byte{1}));
  const mrcz::detail::locked_file locked{folder / "a"};
  const auto put = [&](std::streamoff at, char value) {
    std::fstream{folder / "a", std::ios::in | std::ios::out | std::ios::binary}.seekp(at).put(value);
  };
  for (const int at : {0, 511, 1023}) {
    put(at, 2);
    CHECK_FALSE(locked.is_unchanged());
    put(at, 1);
    CHECK(locked.is_unchanged());
  }
  std::filesystem::resize_file(folder / "a", 3001);
  CHECK_FALSE(locked.is_unchanged());
  const auto thrown = test::failure_of([&] { locked.require_unchanged(); });
  REQUIRE(thrown);
  CHECK(thrown->message.starts_with((folder / "a").string() + ": another program changed it meanwhile"));
  std::filesystem::resize_file(folder / "a", 3000);
  locked.require_unchanged();
}

TEST_CASE("only a file that exists is locked") {
  const test::scratch_folder folder;
  const auto thrown = test::failure_of([&] { const mrcz::detail::locked_file missing{folder / "missing"}; });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::no_such_file_or_directory);
  CHECK(folder.files().empty());
}

#if !defined(_WIN32)

TEST_CASE("a file that was replaced is not the one that was locked") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  const mrcz::detail::locked_file locked{folder / "a"};
  test::write_bytes(folder / "b", text("old"));
  std::filesystem::rename(folder / "b", folder / "a");
  CHECK(locked.is_unchanged());
  const auto thrown = test::failure_of([&] { locked.require_unchanged(); });
  REQUIRE(thrown);
  CHECK(thrown->message.starts_with((folder / "a").string() + ": another program replaced it meanwhile"));
  const mrcz::detail::locked_file successor{folder / "a"};
}

TEST_CASE("a write that is done in part counts as one's own") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("content"));
  mrcz::detail::locked_file locked{folder / "a"};
  {
    const test::file_size_limit limit{4096};
    CHECK(test::failure_of([&] { locked.write_at(7, std::vector<std::byte>(10'000)); }));
  }
  CHECK(locked.opened().size() == 4096);
  CHECK(locked.is_unchanged());
}

#endif

TEST_CASE("a change in place is done when it ends, and undone if it does not") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  const mrcz::detail::byte_range ranges[]{{2, 3}, {8, 10}};
  for (const bool ends : {false, true}) {
    {
      mrcz::detail::locked_file locked{path};
      locked.begin_change(ranges);
      CHECK(mrcz::pending_undo(path));
      locked.write_at(2, text("abc"));
      locked.write_at(8, text("longer than before"));
      if (ends) locked.end_change();
      CHECK(locked.is_unchanged());
    }
    CHECK(test::bytes_of(path) == (ends ? text("01abc567longer than before") : text("0123456789")));
    CHECK(folder.files() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("a change that another program has undone meanwhile does not end as if it were done") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  mrcz::detail::locked_file locked{path};
  const mrcz::detail::byte_range range{2, 3};
  locked.begin_change({&range, 1});
  locked.write_at(2, text("abc"));
  mrcz::file other{path, mrcz::file::access::read_write};  // by a program that takes no locks
  mrcz::detail::undo_record{path}.roll_back(other);
  const auto thrown = test::failure_of([&] { locked.end_change(); });
  REQUIRE(thrown);
  CHECK(thrown->mentions("another program has undone the change meanwhile"));
  CHECK(test::bytes_of(path) == text("0123456789"));
}

TEST_CASE("a change of a file that is replaced meanwhile leaves its record, which does not keep the next opening out") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  {
    mrcz::detail::locked_file locked{path};
    const mrcz::detail::byte_range range{2, 3};
    locked.begin_change({&range, 1});
    locked.write_at(2, text("abc"));
    test::write_bytes(folder / "b", text("another"));
    test::rename_over(folder / "b", path);
    CHECK(test::failure_of([&] { locked.end_change(); }));
  }
  {
    const mrcz::detail::locked_file next{path};
  }
  CHECK(test::bytes_of(path) == text("another"));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a change in place does not begin in a file that another program has changed") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("0123456789"));
  mrcz::detail::locked_file locked{folder / "a"};
  test::write_bytes(folder / "a", text("0123456780"));
  const mrcz::detail::byte_range first{0, 2};
  CHECK(test::failure_of([&] { locked.begin_change({&first, 1}); }));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

#if defined(__linux__)

TEST_CASE("the record is synced before the first byte is overwritten, and removed after the last one is synced") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  std::vector<std::string> order;
  const auto state = [&] { return std::filesystem::exists(folder / "a.undo") ? "record" : "no record"; };
  test::observe_system_calls calls;
  calls.data_synced = [&](int) { return order.push_back(std::string{"sync, "} + state()), 0; };
  calls.directory_synced = [&] { return order.push_back(std::string{"sync folder, "} + state()), 0; };
  mrcz::detail::locked_file locked{path};
  const mrcz::detail::byte_range all{0, 10};
  locked.begin_change({&all, 1});
  CHECK(order == std::vector<std::string>{"sync, record", "sync folder, record"});
  CHECK(test::bytes_of(path) == text("0123456789"));
  locked.write_at(0, text("abcdefghij"));
  order.clear();
  locked.end_change();
  CHECK(order == std::vector<std::string>{"sync, record", "sync folder, no record"});
}

TEST_CASE("where no file can be locked, nobody begins a change in place or undoes that of another") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  const mrcz::detail::byte_range range{2, 3};
  test::observe_system_calls calls;
  for (const int reason : {ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL}) {
    calls.locking_fails_with = reason;
    {
      mrcz::detail::locked_file unlocked{path};
      const auto thrown = test::failure_of([&] { unlocked.begin_change({&range, 1}); });
      REQUIRE(thrown);
      CHECK(thrown->code == std::errc::no_lock_available);
      CHECK(thrown->mentions(path.string() + ": cannot be changed in place, as its file system has no locks"));
      unlocked.write_at(10, text("appended"));
      unlocked.truncate(10);
    }
    calls.locking_fails_with = 0;
    mrcz::detail::locked_file runs{path};  // on another machine, for instance
    runs.begin_change({&range, 1});
    runs.write_at(2, text("abc"));
    calls.locking_fails_with = reason;
    const auto thrown = test::failure_of([&] { const mrcz::detail::locked_file second{path}; });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::no_lock_available);
    CHECK(thrown->mentions("a.undo' keeps old bytes of a change that was interrupted or runs now"));
    CHECK(test::bytes_of(path) == text("01abc56789"));
    runs.write_at(2, text("234"));
    runs.end_change();
    CHECK(folder.files() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("a record that is of no use keeps nobody out, also where no file can be locked") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  const mrcz::detail::byte_range range{2, 3};
  mrcz::detail::undo_record{path}.keep(mrcz::file{path, mrcz::file::access::read}, {&range, 1});
  test::write_bytes(folder / "b", text("another"));
  std::filesystem::rename(folder / "b", path);
  test::observe_system_calls calls;
  calls.locking_fails_with = ENOLCK;
  const mrcz::detail::locked_file unlocked{path};
  CHECK(test::bytes_of(path) == text("another"));
}

TEST_CASE("a change that cannot be synced is undone") {
  const test::scratch_folder folder;
  const auto path = folder / "a";
  test::write_bytes(path, text("0123456789"));
  {
    mrcz::detail::locked_file locked{path};
    const mrcz::detail::byte_range all{0, 10};
    locked.begin_change({&all, 1});
    locked.write_at(0, text("abcdefghij"));
    test::observe_system_calls calls;
    calls.data_synced = [](int) { return EIO; };
    CHECK(test::failure_of([&] { locked.end_change(); }));
  }
  CHECK(test::bytes_of(path) == text("0123456789"));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

#endif
