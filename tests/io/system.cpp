#include "mrcz/io/system.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/io/support.hpp"

namespace detail = mrcz::detail;
using test::text;

namespace {

/// A new file in a folder, open until the end of the test.
struct new_file {
  new_file(const detail::folder& in, const std::string& name) : handle{in.create(name, false)} {
    REQUIRE(handle != detail::no_handle);
  }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;
  ~new_file() { detail::close_file(handle); }
  detail::native_handle handle;
};

}  // namespace

TEST_CASE("two ways to a file have one identity, two files have two") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("12345"));
  test::write_bytes(folder / "b", text("12345"));
  detail::file_status by_path;
  detail::file_status by_handle;
  detail::file_status other;
  REQUIRE(detail::get_status(folder / "a", by_path));
  const auto handle = detail::open_file(folder / "a", false);
  REQUIRE(handle != detail::no_handle);
  CHECK(detail::get_status(handle, by_handle));
  CHECK(detail::close_file(handle));
  REQUIRE(detail::get_status(folder / "b", other));
  CHECK(by_path.identity == by_handle.identity);
  CHECK(by_path.identity != other.identity);
  CHECK(by_path.size == 5);
  CHECK(by_path.is_regular);
  CHECK_FALSE(by_path.is_directory);
  REQUIRE(detail::get_status(folder.path(), other));
  CHECK(other.is_directory);
  CHECK_FALSE(other.is_regular);
  CHECK_FALSE(detail::get_status(folder / "missing", other));
  CHECK(detail::last_error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("a folder is found again by what it was opened with, not by the working directory") {
  const test::scratch_folder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  detail::folder opened;
  const bool found = opened.open("");
  std::filesystem::current_path(before);
  REQUIRE(found);
  {
    const new_file made{opened, "a"};
  }
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("names in a folder are made, changed, refused where they are taken, and removed") {
  const test::scratch_folder folder;
  detail::folder opened;
  REQUIRE(opened.open(folder.path()));
  {
    const new_file made{opened, "a"};
  }
  CHECK(opened.create("a", false) == detail::no_handle);
  CHECK(detail::last_error() == std::errc::file_exists);
  CHECK(opened.may_write("a"));
  test::write_bytes(folder / "b", text("b"));
  CHECK_FALSE(opened.rename_if_free("b", "a"));
  CHECK(detail::last_error() == std::errc::file_exists);
  CHECK(opened.rename("b", "a"));
  CHECK(test::bytes_of(folder / "a") == text("b"));
  CHECK(opened.rename_if_free("a", "c"));
  CHECK(folder.files() == std::vector<std::string>{"c"});
  CHECK(opened.sync());
  CHECK(opened.remove("c"));
  CHECK(folder.files().empty());
  CHECK_FALSE(opened.remove("c"));
}

TEST_CASE("the name of a removed file is free at once, and who has the file open goes on reading it") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  const auto reader = detail::open_file(folder / "a", false);
  REQUIRE(reader != detail::no_handle);
  detail::folder opened;
  REQUIRE(opened.open(folder.path()));
  CHECK(opened.remove("a"));
  detail::file_status status;
  CHECK_FALSE(opened.get_status("a", status));
  CHECK(detail::last_error() == std::errc::no_such_file_or_directory);
  {
    const new_file made{opened, "a"};
  }
  std::vector<std::byte> bytes(3);
  CHECK(detail::read_some(reader, 0, bytes) == 3);
  CHECK(bytes == text("old"));
  CHECK(detail::close_file(reader));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("what is no folder cannot be opened as one") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "file", {});
  detail::folder opened;
  CHECK_FALSE(opened.open(folder / "file"));
  CHECK(detail::last_error() == std::errc::not_a_directory);
  detail::folder other;
  CHECK_FALSE(other.open(folder / "missing"));
  CHECK(detail::last_error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("a file is written, read, resized and synced at positions beyond 4 GiB") {
  const test::scratch_folder folder;
  detail::folder opened;
  REQUIRE(opened.open(folder.path()));
  const new_file made{opened, "large"};
  constexpr std::uint64_t beyond = (std::uint64_t{5} << 30U) + 3;
  CHECK(detail::write_some(made.handle, beyond, text("far")) == 3);
  std::vector<std::byte> read(3);
  CHECK(detail::read_some(made.handle, beyond, read) == 3);
  CHECK(read == text("far"));
  CHECK(detail::read_some(made.handle, beyond + 3, read) == 0);
  detail::file_status status;
  CHECK(detail::get_status(made.handle, status));
  CHECK(status.size == beyond + 3);
  CHECK(detail::resize(made.handle, 1));
  CHECK(detail::get_status(made.handle, status));
  CHECK(status.size == 1);
  CHECK(detail::sync_content(made.handle));
  CHECK(detail::flush_file(made.handle));
}

TEST_CASE("locks exclude other handles to the same file") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("a"));
  const auto first = detail::open_file(folder / "a", true);
  const auto second = detail::open_file(folder / "a", true);
  CHECK(detail::lock_file(first) == detail::lock_result::locked);
  CHECK(detail::lock_file(second) == detail::lock_result::taken);
  std::vector<std::byte> byte(1);
  CHECK(detail::read_some(second, 0, byte) == 1);  // nobody is kept from reading
  CHECK(detail::close_file(first));
  CHECK(detail::lock_file(second) == detail::lock_result::locked);
  CHECK(detail::close_file(second));
}

TEST_CASE("a file without a name is invisible until it gets one") {
  const test::scratch_folder folder;
  detail::folder opened;
  REQUIRE(opened.open(folder.path()));
  const auto handle = opened.create_nameless(false);
  if (handle == detail::no_handle) {
    MESSAGE("skipped: this system has no files without names");
    return;
  }
  CHECK(detail::write_some(handle, 0, text("content")) == 7);
  CHECK(folder.files().empty());
  CHECK(opened.name(handle, "a"));
  CHECK_FALSE(opened.name(handle, "a"));
  CHECK(detail::last_error() == std::errc::file_exists);
  CHECK(detail::close_file(handle));
  CHECK(test::bytes_of(folder / "a") == text("content"));
}

TEST_CASE("a file that is to vanish does so when it is closed, unless it is kept") {
  const test::scratch_folder folder;
  detail::folder opened;
  REQUIRE(opened.open(folder.path()));
  for (const bool kept : {false, true}) {
    {
      const new_file made{opened, "a"};
      const auto vanishing = detail::make_vanish(made.handle);
      CHECK(detail::write_some(made.handle, 0, text("content")) == 7);
      if (kept) CHECK(detail::keep_file(vanishing));
      if (vanishing != detail::no_handle) CHECK(detail::close_file(vanishing));
      if (kept) CHECK(test::bytes_of(folder / "a") == text("content"));
    }
#if defined(_WIN32)
    CHECK(std::filesystem::exists(folder / "a") == kept);
#else
    CHECK(opened.remove("a"));  // POSIX has files without names instead
#endif
  }
}

TEST_CASE("texts for new names differ") {
  std::set<std::string> all;
  for (int i = 0; i < 1000; ++i) all.insert(detail::unique_text());
  CHECK(all.size() == 1000);
  CHECK(detail::process_id() != 0);
}
