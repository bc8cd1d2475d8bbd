#include "mrcz/io/atomic_file.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

#if defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include "mrcz/io/mapped_file.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/io/support.hpp"
#include "tests/io/system_calls.hpp"

using mrcz::durability;
using test::text;

namespace {

void write_all(const std::filesystem::path& path, const std::string& content, durability wanted, bool replace) {
  mrcz::atomic_file out{path, wanted, replace};
  out.write_at(0, text(content));
  out.publish();
}

std::shared_ptr<mrcz::detail::locked_file> opened(const std::filesystem::path& path) {
  return std::make_shared<mrcz::detail::locked_file>(path);
}

/// The error of beginning to write `path`.
std::optional<test::failure> refusal(const std::filesystem::path& path, bool replace = true) {
  return test::failure_of([&] { const mrcz::atomic_file out{path, durability::none, replace}; });
}

}  // namespace

TEST_CASE("the destination appears complete when it is published, whatever the durability") {
  for (const auto wanted : {durability::none, durability::data, durability::full})
    for (const bool replace : {false, true}) {
      const test::scratch_folder folder;
      mrcz::atomic_file out{folder / "a.mrc", wanted, replace};
      CHECK(out.name() == (folder / "a.mrc").string());
      out.write_at(6, text("tail"));
      out.write_at(0, text("head"));
      CHECK_FALSE(std::filesystem::exists(folder / "a.mrc"));
      out.publish();
      CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
      CHECK(test::bytes_of(folder / "a.mrc") == text(std::string{"head\0\0tail", 10}));
    }
}

TEST_CASE("a file without content can be published") {
  const test::scratch_folder folder;
  write_all(folder / "empty", "", durability::data, true);
  CHECK(std::filesystem::file_size(folder / "empty") == 0);
}

TEST_CASE("a partial file is next to its destination and recognisable by name") {
  const test::scratch_folder folder;
  mrcz::atomic_file out{folder / "movie.mrcz", durability::none, true};
  const auto partial = out.keep_partial();
  CHECK(partial.parent_path() == folder.path());
  const std::string name = partial.filename().string();
  CHECK(name.starts_with("movie.mrcz."));
  CHECK(name.ends_with(".partial"));
  CHECK(name.size() > std::string{"movie.mrcz..partial"}.size());
  CHECK(folder.files() == std::vector{name});
  CHECK(out.keep_partial() == partial);
}

TEST_CASE("a relative path is meant from the folder that was the working one at the beginning") {
  const test::scratch_folder folder;
  const test::scratch_folder elsewhere;
  const auto before = std::filesystem::current_path();
  for (const bool exists : {false, true})
    for (const bool kept : {false, true}) {
      if (exists) test::write_bytes(folder / "a.mrc", text("old"));
      std::filesystem::current_path(folder.path());
      {
        mrcz::atomic_file out{"a.mrc", durability::full, true};
        std::filesystem::current_path(elsewhere.path());
        if (kept) CHECK(std::filesystem::exists(out.keep_partial()));
        out.write_at(0, text("content"));
        out.publish();
      }
      std::filesystem::current_path(before);
      CHECK(test::bytes_of(folder / "a.mrc") == text("content"));
      CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
      CHECK(elsewhere.files().empty());
      std::filesystem::remove(folder / "a.mrc");
    }
}

TEST_CASE("nothing is left of a file that is not published") {
  const test::scratch_folder folder;
  {
    mrcz::atomic_file out{folder / "a.mrc", durability::full, true};
    out.write_at(0, text("half"));
  }
  CHECK(folder.files().empty());
}

TEST_CASE("a partial file is kept if that is wanted, and never under the final name") {
  const test::scratch_folder folder;
  std::filesystem::path partial;
  {
    mrcz::atomic_file out{folder / "a.mrc", durability::none, true};
    out.write_at(0, text("half"));
    partial = out.keep_partial();
    CHECK(test::bytes_of(partial) == text("half"));
    out.write_at(4, text("way"));
  }
  CHECK(folder.files() == std::vector{partial.filename().string()});
  CHECK(test::bytes_of(partial) == text("halfway"));
}

TEST_CASE("a file that was published stays, also if its partial content was to be kept") {
  const test::scratch_folder folder;
  {
    mrcz::atomic_file out{folder / "a.mrc", durability::none, true};
    out.write_at(0, text("whole"));
    out.keep_partial();
    out.publish();
  }
  CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
}

TEST_CASE("a file that was published is closed") {
  const test::scratch_folder folder;
  mrcz::atomic_file out{folder / "a.mrc", durability::none, true};
  out.publish();
  for (const auto& thrown : {test::failure_of([&] { out.write_at(0, text("more")); }),
                             test::failure_of([&] { out.publish(); }), test::failure_of([&] { out.keep_partial(); })}) {
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::closed);
    CHECK(thrown->message == (folder / "a.mrc").string() + ": already published");
  }
  CHECK(std::filesystem::file_size(folder / "a.mrc") == 0);
}

TEST_CASE("an existing file that may not be replaced is refused at the beginning") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a.mrc", text("old"));
  const auto thrown = refusal(folder / "a.mrc", false);
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::already_exists);
  CHECK(thrown->message == (folder / "a.mrc").string() + ": exists and may not be replaced");
  CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
  CHECK(test::bytes_of(folder / "a.mrc") == text("old"));
}

TEST_CASE("a path without a file name is refused") {
  for (const std::string path : {"", "/", "folder/"}) {
    const auto thrown = refusal(path);
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::bad_option);
    CHECK(thrown->message == "'" + path + "' names no file to write to");
  }
}

TEST_CASE("many writers of one path have a partial file each") {
  const test::scratch_folder folder;
  std::vector<std::unique_ptr<mrcz::atomic_file>> writers(100);
  {
    std::vector<std::jthread> threads;
    for (std::size_t id = 0; id < 4; ++id)
      threads.emplace_back([&, id] {
        for (std::size_t i = id; i < writers.size(); i += 4)
          writers[i] = std::make_unique<mrcz::atomic_file>(folder / "a", durability::none, true);
      });
  }
  for (std::size_t i = 0; i < writers.size(); ++i) {
    writers[i]->write_at(0, text(fmt::format("writer {:02}", i)));
    writers[i]->keep_partial();
  }
  CHECK(folder.files().size() == writers.size());
  for (auto& writer : writers) writer->publish();
  writers.clear();
  CHECK(folder.files() == std::vector<std::string>{"a"});
  CHECK(test::bytes_of(folder / "a") == text("writer 99"));
}

TEST_CASE("of many writers that may not replace exactly one wins") {
  const test::scratch_folder folder;
  constexpr std::size_t count = 8;
  std::latch all_ready{count};
  std::array<std::optional<test::failure>, count> failures;
  {
    std::vector<std::jthread> threads;
    for (std::size_t id = 0; id < count; ++id)
      threads.emplace_back([&, id] {
        mrcz::atomic_file out{folder / "a", durability::none, false};
        out.write_at(0, text(fmt::format("writer {}", id)));
        all_ready.arrive_and_wait();
        failures[id] = test::failure_of([&] { out.publish(); });
      });
  }
  std::string winner;
  for (std::size_t id = 0; id < count; ++id) {
    if (!failures[id]) winner += fmt::format("writer {}", id);
    else CHECK(failures[id]->code == mrcz::errc::already_exists);
  }
  CHECK(test::bytes_of(folder / "a") == text(winner));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a file is extended behind what is kept, and the header written last makes it count") {
  for (const auto wanted : {durability::none, durability::data, durability::full}) {
    const test::scratch_folder folder;
    test::write_bytes(folder / "a", text("HEAD:one,"));
    {
      mrcz::detail::extended_file out{opened(folder / "a"), wanted, 9};
      CHECK(out.name() == (folder / "a").string());
      out.write_at(9, text("two,"));
      out.write_at(13, text("three,"));
      out.write_at(0, text("head"));
      out.publish();
    }
    CHECK(test::bytes_of(folder / "a") == text("head:one,two,three,"));
    CHECK(folder.files() == std::vector<std::string>{"a"});
  }
}

TEST_CASE("an extension that is given up before the header is cut off again") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,"));
  {
    mrcz::detail::extended_file out{opened(folder / "a"), durability::data, 9};
    out.write_at(9, text("two,"));
    out.write_at(30, text("far away"));
    CHECK(std::filesystem::file_size(folder / "a") == 38);
  }
  CHECK(test::bytes_of(folder / "a") == text("HEAD:one,"));
}

TEST_CASE("an extension whose header was written stays, though nothing was published") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,"));
  {
    mrcz::detail::extended_file out{opened(folder / "a"), durability::none, 9};
    out.write_at(9, text("two,"));
    out.write_at(0, text("head"));
  }
  CHECK(test::bytes_of(folder / "a") == text("head:one,two,"));
}

TEST_CASE("an extension that is published stays, though no header was written") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,"));
  {
    mrcz::detail::extended_file out{opened(folder / "a"), durability::none, 9};
    out.write_at(9, text("two,"));
    out.publish();
  }
  CHECK(test::bytes_of(folder / "a") == text("HEAD:one,two,"));
}

TEST_CASE("bytes behind what is kept are gone when the extension ends, however it ends") {
  const test::scratch_folder folder;
  const auto extend = [&](auto&& action) {
    test::write_bytes(folder / "a", text("HEAD:one,trailing bytes"));
    {
      mrcz::detail::extended_file out{opened(folder / "a"), durability::none, 9};
      action(out);
    }
    return test::bytes_of(folder / "a");
  };
  CHECK(extend([](auto& out) {
          out.write_at(9, text("two,"));
          out.write_at(0, text("head"));
          out.publish();
        }) == text("head:one,two,"));
  CHECK(extend([](auto& out) { out.write_at(9, text("two,")); }) == text("HEAD:one,"));
  CHECK(extend([](auto& out) { out.publish(); }) == text("HEAD:one,"));
}

TEST_CASE("a file that was opened to be extended and was not is as it was") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,trailing bytes"));
  {
    const mrcz::detail::extended_file out{opened(folder / "a"), durability::full, 9};
  }
  CHECK(test::bytes_of(folder / "a") == text("HEAD:one,trailing bytes"));
}

TEST_CASE("an atomic file takes parts of other files and of other sources") {
  const test::scratch_folder folder;
  const auto content = test::text("0123456789");
  test::write_bytes(folder / "from", content);
  mrcz::atomic_file to{folder / "to", mrcz::durability::none, true};
  to.copy(mrcz::file_source{folder / "from"}, 2, 5, 0);
  to.copy(mrcz::memory_source{std::span{content}}, 8, 2, 5);
  to.publish();
  CHECK(test::bytes_of(folder / "to") == test::text("2345689"));
  CHECK(test::failure_of([&] { to.copy(mrcz::memory_source{std::span{content}}, 0, 1, 0); }));
}

TEST_CASE("a reader that has the old file open goes on reading it") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  const mrcz::file_source old{folder / "a"};
  write_all(folder / "a", "new", durability::none, true);
  std::vector<std::byte> bytes(3);
  old.read_at(0, bytes);
  CHECK(bytes == text("old"));
  CHECK(test::bytes_of(folder / "a") == text("new"));
}

TEST_CASE("a program that has mapped the old file goes on reading it") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  const mrcz::mapped_file old{folder / "a"};
  write_all(folder / "a", "new", durability::none, true);
  CHECK(std::ranges::equal(old.in_memory(), text("old")));
  CHECK(test::bytes_of(folder / "a") == text("new"));
}

TEST_CASE("a file with a long path and a name in all alphabets is written, replaced and read") {
  const test::scratch_folder folder;
  const auto inside = folder / std::string(120, 'd');
  std::filesystem::create_directory(inside);
  std::filesystem::path name{u8"movie-ü-画像-😀-"};
  name += std::string(150, 'n') + ".mrc";
  CHECK((inside / name).native().size() > 260);
  for (const std::string content : {"first", "second"}) {
    mrcz::atomic_file out{inside / name, durability::full, true};
    out.write_at(0, text(content));
    mrcz::file scratch = out.scratch();
    scratch.write_at(0, text("spool"));
    CHECK(scratch.size() == 5);
    out.publish();
    const mrcz::file_source in{inside / name};
    std::vector<std::byte> bytes(in.size());
    in.read_at(0, bytes);
    CHECK(bytes == text(content));
    CHECK(std::ranges::equal(mrcz::mapped_file{inside / name}.in_memory(), text(content)));
  }
  {
    mrcz::detail::extended_file out{opened(inside / name), durability::full, 6};
    out.write_at(6, text("third"));
    out.publish();
  }
  mrcz::detail::folder found;
  REQUIRE(found.open(inside));
  mrcz::detail::file_status status;
  CHECK(found.get_status(name, status));
  CHECK(status.size == 11);
  CHECK(found.remove(name));
  CHECK(std::filesystem::is_empty(inside));
}

#if defined(_WIN32)

TEST_CASE("a file that another program keeps from being replaced is reported as one, and stays") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  const auto open_elsewhere = [&](DWORD shared) {
    const auto access = GENERIC_READ;
    return ::CreateFileW((folder / "a").c_str(), access, shared, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL,
                         nullptr);
  };
  const std::error_code in_use{ERROR_SHARING_VIOLATION, std::system_category()};
  const auto reader = open_elsewhere(FILE_SHARE_READ | FILE_SHARE_WRITE);
  const auto at_the_end = test::failure_of([&] { write_all(folder / "a", "new", durability::none, true); });
  CHECK(::CloseHandle(reader));
  REQUIRE(at_the_end);
  CHECK(at_the_end->code == in_use);
  CHECK(at_the_end->mentions((folder / "a").string() + ": cannot rename the finished file: "));
  CHECK(test::bytes_of(folder / "a") == text("old"));
  CHECK(folder.files() == std::vector<std::string>{"a"});

  const auto exclusive = open_elsewhere(FILE_SHARE_READ);
  const auto at_the_beginning = refusal(folder / "a");
  CHECK(::CloseHandle(exclusive));
  REQUIRE(at_the_beginning);
  CHECK(at_the_beginning->code == in_use);
  CHECK(at_the_beginning->mentions((folder / "a").string() + ": cannot be written: "));
  write_all(folder / "a", "new", durability::none, true);
  CHECK(test::bytes_of(folder / "a") == text("new"));
}

#endif

#if !defined(_WIN32)

namespace {

mode_t permissions_of(const std::filesystem::path& path) {
  return static_cast<mode_t>(std::filesystem::status(path).permissions());
}

/// Whether this file system supports files without names, as most of them do on Linux.
bool have_nameless_files(const test::scratch_folder& folder) {
  const mrcz::atomic_file out{folder / "probe", durability::none, true};
  return folder.files().empty();
}

}  // namespace

TEST_CASE("a program that is killed leaves no file under the final name, and an old one as it was") {
  for (const bool exists : {false, true}) {
    const test::scratch_folder folder;
    if (exists) test::write_bytes(folder / "a.mrc", text("old"));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      mrcz::atomic_file out{folder / "a.mrc", durability::data, true};
      out.write_at(0, text("half"));
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(std::filesystem::exists(folder / "a.mrc") == exists);
    if (exists) CHECK(test::bytes_of(folder / "a.mrc") == text("old"));
  }
}

TEST_CASE("a new file has the permissions that the umask leaves") {
  const test::scratch_folder folder;
  for (const mode_t mask : {022U, 077U, 002U, 0U}) {
    const mode_t before = ::umask(mask);
    const auto path = folder / fmt::format("{:o}", mask);
    write_all(path, "content", durability::none, true);
    ::umask(before);
    CHECK(permissions_of(path) == (0666U & ~mask));
  }
}

TEST_CASE("an existing file is replaced in one step and keeps its permissions") {
  const test::scratch_folder folder;
  for (const mode_t bits : {0600U, 0640U, 0755U, 0666U}) {
    const auto path = folder / fmt::format("{:o}", bits);
    test::write_bytes(path, text("old and longer than new"));
    REQUIRE(::chmod(path.c_str(), bits) == 0);
    mrcz::atomic_file out{path, durability::data, true};
    out.write_at(0, text("new"));
    CHECK(test::bytes_of(path) == text("old and longer than new"));
    out.publish();
    CHECK(test::bytes_of(path) == text("new"));
    CHECK(permissions_of(path) == bits);
  }
  CHECK(folder.files().size() == 4);
}

TEST_CASE("an existing file keeps its owner and group where the process may give files away") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root may give files away");
    return;
  }
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  REQUIRE(::chown((folder / "a").c_str(), 1234, 5678) == 0);
  REQUIRE(::chmod((folder / "a").c_str(), 0750) == 0);
  write_all(folder / "a", "new", durability::none, true);
  struct stat status{};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK(status.st_uid == 1234);
  CHECK(status.st_gid == 5678);
  CHECK(permissions_of(folder / "a") == 0750U);
}

TEST_CASE("a destination that appears meanwhile is treated as one that was there from the beginning") {
  const test::scratch_folder folder;
  for (const bool partial : {false, true}) {
    mrcz::atomic_file out{folder / "a", durability::none, true};
    out.write_at(0, text("new"));
    if (partial) out.keep_partial();
    test::write_bytes(folder / "a", text("private"));
    REQUIRE(::chmod((folder / "a").c_str(), 0600) == 0);
    out.publish();
    CHECK(test::bytes_of(folder / "a") == text("new"));
    CHECK(permissions_of(folder / "a") == 0600);
    std::filesystem::remove(folder / "a");
  }
  CHECK(folder.files().empty());
}

TEST_CASE("a destination that appears meanwhile and may not be replaced is not touched") {
  for (const int without_links : {0, EOPNOTSUPP, EPERM, ENOSYS}) {
    const test::scratch_folder folder;
    {
      test::observe_system_calls named;
      named.nameless_fails_with = without_links == 0 ? 0 : EOPNOTSUPP;
      mrcz::atomic_file out{folder / "a.mrc", durability::data, false};
      out.write_at(0, text("mine"));
      test::write_bytes(folder / "a.mrc", text("theirs"));
      test::observe_system_calls calls;
      calls.link_fails_with = without_links;
      const auto thrown = test::failure_of([&] { out.publish(); });
      REQUIRE(thrown);
      CHECK(thrown->code == mrcz::errc::already_exists);
      CHECK(thrown->message == (folder / "a.mrc").string() + ": exists and may not be replaced");
    }
    CHECK(test::bytes_of(folder / "a.mrc") == text("theirs"));
    CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
  }
}

TEST_CASE("a file system without hard links is written to all the same") {
  for (const int without_links : {EOPNOTSUPP, EPERM, ENOSYS}) {
    const test::scratch_folder folder;
    test::observe_system_calls calls;
    calls.nameless_fails_with = EOPNOTSUPP;
    calls.link_fails_with = without_links;
    write_all(folder / "a.mrc", "content", durability::none, false);
    CHECK(test::bytes_of(folder / "a.mrc") == text("content"));
    CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
  }
}

TEST_CASE("a name that cannot be given is reported, and nothing is left") {
  for (const bool nameless : {true, false})
    for (const bool replace : {true, false}) {
      if (!nameless && replace) continue;  // renamed, not linked
      const test::scratch_folder folder;
      {
        test::observe_system_calls calls;
        calls.nameless_fails_with = nameless ? 0 : EOPNOTSUPP;
        calls.naming_fails_with = EIO;
        calls.link_fails_with = EIO;
        mrcz::atomic_file out{folder / "a.mrc", durability::none, replace};
        const auto thrown = test::failure_of([&] { out.publish(); });
        REQUIRE(thrown);
        CHECK(thrown->code == std::errc::io_error);
        CHECK(thrown->message ==
              (folder / "a.mrc").string() + ": cannot publish the finished file: Input/output error");
      }
      CHECK(folder.files().empty());
    }
}

TEST_CASE("a symbolic link stays, and the file that it leads to is replaced") {
  const test::scratch_folder folder;
  std::filesystem::create_directory(folder / "store");
  test::write_bytes(folder / "store/real", text("old"));
  REQUIRE(::chmod((folder / "store/real").c_str(), 0640) == 0);
  std::filesystem::create_symlink("store/real", folder / "relative");
  std::filesystem::create_symlink(folder / "relative", folder / "absolute");
  for (const std::string name : {"relative", "absolute"}) {
    mrcz::atomic_file out{folder / name, durability::full, true};
    CHECK(out.keep_partial().parent_path() == folder / "store");
    out.write_at(0, text(name));
    out.publish();
    CHECK(std::filesystem::is_symlink(folder / name));
    CHECK(test::bytes_of(folder / "store/real") == text(name));
    CHECK(permissions_of(folder / "store/real") == 0640);
  }
  const auto thrown = refusal(folder / "absolute", false);
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::already_exists);
}

TEST_CASE("a symbolic link to a file that is still missing stays, and the file is created") {
  const test::scratch_folder folder;
  std::filesystem::create_directory(folder / "store");
  std::filesystem::create_symlink("store/new", folder / "link");
  write_all(folder / "link", "content", durability::none, false);
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(folder / "store/new")));
  CHECK(test::bytes_of(folder / "store/new") == text("content"));
}

TEST_CASE("symbolic links that go in a circle are refused and stay") {
  const test::scratch_folder folder;
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  const auto thrown = refusal(folder / "a");
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::too_many_symbolic_link_levels);
  CHECK(std::filesystem::is_symlink(folder / "a"));
  CHECK(folder.files().size() == 2);
}

TEST_CASE("a destination that is a directory or no file at all is refused") {
  const test::scratch_folder folder;
  std::filesystem::create_directory(folder / "directory");
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0666) == 0);
  for (const bool replace : {true, false}) {
    const auto directory = refusal(folder / "directory", replace);
    REQUIRE(directory);
    CHECK(directory->code == std::errc::is_a_directory);
    CHECK(directory->message == (folder / "directory").string() + ": cannot be written: Is a directory");
    const auto fifo = refusal(folder / "fifo", replace);
    REQUIRE(fifo);
    CHECK(fifo->code == mrcz::errc::bad_option);
    CHECK(fifo->mentions((folder / "fifo").string() + ": is not a regular file"));
  }
  CHECK(folder.files().size() == 2);
}

TEST_CASE("a destination in a folder that is missing, no folder, or closed to us is refused") {
  const test::scratch_folder folder;
  const auto missing = refusal(folder / "missing/a.mrc");
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  CHECK(missing->mentions((folder / "missing/a.mrc").string()));

  test::write_bytes(folder / "file", {});
  const auto in_a_file = refusal(folder / "file/a.mrc");
  REQUIRE(in_a_file);
  CHECK(in_a_file->code == std::errc::not_a_directory);
  CHECK(in_a_file->message == (folder / "file/a.mrc").string() + ": cannot be written: Not a directory");

  test::write_bytes(folder / "old", text("old"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  for (const std::string name : {"a.mrc", "old"}) {
    const auto read_only = [&] {
      const test::without_privileges nobody;
      return refusal(folder / name);
    }();
    REQUIRE(read_only);
    CHECK(read_only->code == std::errc::permission_denied);
    CHECK(read_only->mentions((folder / name).string()));
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0600});
  const auto closed = [&] {
    const test::without_privileges nobody;
    return refusal(folder / "old");
  }();
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0700});
  REQUIRE(closed);
  CHECK(closed->code == std::errc::permission_denied);
  CHECK(closed->message == (folder / "old").string() + ": cannot be written: Permission denied");
  CHECK(test::bytes_of(folder / "old") == text("old"));
}

TEST_CASE("a destination that becomes a directory meanwhile is reported, and nothing is left") {
  const test::scratch_folder folder;
  {
    mrcz::atomic_file out{folder / "a", durability::none, true};
    std::filesystem::create_directory(folder / "a");
    const auto thrown = test::failure_of([&] { out.publish(); });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::is_a_directory);
    CHECK(thrown->message == (folder / "a").string() + ": cannot be written: Is a directory");
  }
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

TEST_CASE("a full disk is reported, the old file stays and no temporary one is left") {
  const test::scratch_folder folder;
  const auto answer = test::on_small_disk(folder.path(), [](const std::filesystem::path& disk) -> std::string {
    test::write_bytes(disk / "a.mrc", text("old"));
    std::string result;
    {
      mrcz::atomic_file out{disk / "a.mrc", durability::data, true};
      out.write_at(0, std::vector<std::byte>(20'000, std::byte{1}));
      const auto thrown = test::failure_of([&] { out.write_at(20'000, std::vector<std::byte>(100'000)); });
      if (!thrown) return "no failure";
      if (thrown->code != std::errc::no_space_on_device) return thrown->message;
      if (!thrown->mentions((disk / "a.mrc").string())) return thrown->message;
    }
    for (const auto& entry : std::filesystem::directory_iterator{disk}) result += entry.path().filename().string();
    return result + (test::bytes_of(disk / "a.mrc") == text("old") ? " is old" : " has changed");
  });
  if (!answer) {
    MESSAGE("skipped: this system does not let us mount a small disk");
    return;
  }
  CHECK(*answer == "a.mrc is old");
}

TEST_CASE("a limit on the size of files is reported like a full disk") {
  const test::scratch_folder folder;
  std::optional<test::failure> thrown;
  {
    mrcz::atomic_file out{folder / "a.mrc", durability::data, false};
    const test::file_size_limit limit{4096};
    out.write_at(0, std::vector<std::byte>(4096));
    thrown = test::failure_of([&] { out.write_at(4000, std::vector<std::byte>(1000)); });
  }
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::file_too_large);
  CHECK(thrown->mentions(": cannot write: File too large"));
  CHECK(folder.files().empty());
}

TEST_CASE("a sync that fails is reported before the destination changes") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a.mrc", text("old"));
  for (const auto wanted : {durability::data, durability::full}) {
    mrcz::atomic_file out{folder / "a.mrc", wanted, true};
    out.write_at(0, text("new"));
    test::observe_system_calls calls;
    calls.data_synced = [](int) { return EIO; };
    const auto thrown = test::failure_of([&] { out.publish(); });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::io_error);
    CHECK(thrown->mentions((folder / "a.mrc").string()));
    CHECK(thrown->mentions(": cannot sync: Input/output error"));
    CHECK(test::bytes_of(folder / "a.mrc") == text("old"));
  }
  CHECK(folder.files() == std::vector<std::string>{"a.mrc"});
}

TEST_CASE("durability decides what is synced, and when") {
  struct {
    durability wanted;
    std::vector<std::string> expected;
  } const cases[] = {{durability::none, {}},
                     {durability::data, {"content before the rename"}},
                     {durability::full, {"content before the rename", "directory after the rename"}}};
  for (const auto& [wanted, expected] : cases)
    for (const bool replace : {true, false}) {
      const test::scratch_folder folder;
      const auto when = [&] {
        return std::filesystem::exists(folder / "a") ? " after the rename" : " before the rename";
      };
      std::vector<std::string> log;
      test::observe_system_calls calls;
      calls.data_synced = [&](int) {
        log.push_back(std::string{"content"} + when());
        return 0;
      };
      calls.directory_synced = [&] {
        log.push_back(std::string{"directory"} + when());
        return 0;
      };
      write_all(folder / "a", "content", wanted, replace);
      CHECK(log == expected);
    }
}

TEST_CASE("a directory that cannot be synced is an error, unless its file system has no such thing") {
  const test::scratch_folder folder;
  test::observe_system_calls calls;
  calls.directory_synced = [] { return EIO; };
  const auto thrown = test::failure_of([&] { write_all(folder / "a", "content", durability::full, true); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::io_error);
  CHECK(thrown->message == folder.path().string() + ": cannot sync the directory: Input/output error");
  calls.directory_synced = [] { return EINVAL; };
  write_all(folder / "b", "content", durability::full, true);
  CHECK(test::bytes_of(folder / "b") == text("content"));
}

TEST_CASE("the new bytes are synced before the header that refers to them") {
  const test::scratch_folder folder;
  for (const auto wanted : {durability::none, durability::data}) {
    test::write_bytes(folder / "a", text("HEAD:one,"));
    std::vector<std::vector<std::byte>> synced;
    test::observe_system_calls calls;
    calls.data_synced = [&](int) {
      synced.push_back(test::bytes_of(folder / "a"));
      return 0;
    };
    mrcz::detail::extended_file out{opened(folder / "a"), wanted, 9};
    out.write_at(9, text("two,"));
    out.write_at(0, text("head"));
    out.publish();
    if (wanted == durability::none) CHECK(synced.empty());
    else CHECK(synced == std::vector{text("HEAD:one,two,"), text("head:one,two,")});
  }
}

TEST_CASE("a sync that fails before the header leaves the file as it was") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,"));
  {
    mrcz::detail::extended_file out{opened(folder / "a"), durability::data, 9};
    out.write_at(9, text("two,"));
    test::observe_system_calls calls;
    calls.data_synced = [](int) { return EIO; };
    const auto thrown = test::failure_of([&] { out.write_at(0, text("head")); });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::io_error);
    CHECK(thrown->message == (folder / "a").string() + ": cannot sync: Input/output error");
  }
  CHECK(test::bytes_of(folder / "a") == text("HEAD:one,"));
}

TEST_CASE("a full disk leaves the file that was to be extended as it was") {
  const test::scratch_folder folder;
  const auto answer = test::on_small_disk(folder.path(), [](const std::filesystem::path& disk) -> std::string {
    test::write_bytes(disk / "a", text("HEAD:one,"));
    {
      mrcz::detail::extended_file out{opened(disk / "a"), durability::data, 9};
      const auto thrown = test::failure_of([&] { out.write_at(9, std::vector<std::byte>(100'000)); });
      if (!thrown) return "no failure";
      if (thrown->code != std::errc::no_space_on_device) return thrown->message;
      if (std::filesystem::file_size(disk / "a") == 9) return "nothing was written";
    }
    return test::bytes_of(disk / "a") == text("HEAD:one,") ? "as it was" : "changed";
  });
  if (!answer) {
    MESSAGE("skipped: this system does not let us mount a small disk");
    return;
  }
  CHECK(*answer == "as it was");
}

TEST_CASE("only a file that exists and may be written is extended") {
  const test::scratch_folder folder;
  const auto failure_for = [](const std::filesystem::path& path) {
    return test::failure_of([&] { const mrcz::detail::extended_file out{opened(path), durability::none, 0}; });
  };
  const auto missing = failure_for(folder / "missing");
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  CHECK(missing->message == (folder / "missing").string() + ": cannot open: No such file or directory");
  const auto directory = failure_for(folder.path());
  REQUIRE(directory);
  CHECK(directory->code == std::errc::is_a_directory);
  CHECK(folder.files().empty());

  test::write_bytes(folder / "a", text("HEAD:one,"));
  std::filesystem::permissions(folder / "a", std::filesystem::perms{0444});
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
  const auto read_only = [&] {
    const test::without_privileges nobody;
    return failure_for(folder / "a");
  }();
  REQUIRE(read_only);
  CHECK(read_only->code == std::errc::permission_denied);
}

TEST_CASE("nothing ever says as whom a program runs because an old file did") {
  const test::scratch_folder folder;
  for (const mode_t bits : {04755U, 02755U, 06755U}) {
    test::write_bytes(folder / "a", text("old"));
    REQUIRE(::chmod((folder / "a").c_str(), bits) == 0);
    write_all(folder / "a", "new", durability::none, true);
    CHECK(permissions_of(folder / "a") == 0755U);
  }
}

TEST_CASE("a file whose group cannot be kept gives its new group no permissions") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root may make such a file");
    return;
  }
  const test::scratch_folder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  test::write_bytes(folder / "a", text("old"));
  REQUIRE(::chown((folder / "a").c_str(), 1234, 5678) == 0);
  REQUIRE(::chmod((folder / "a").c_str(), 0666) == 0);
  CHECK(test::as_nobody([&] {
          write_all(folder / "a", "new", durability::none, true);
          return 0;
        }) == 0);
  struct stat status{};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK(status.st_gid != 5678);
  CHECK(permissions_of(folder / "a") == 0606U);
  CHECK(test::bytes_of(folder / "a") == text("new"));
}

TEST_CASE("a destination that may not be written is not replaced either") {
  const test::scratch_folder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  test::write_bytes(folder / "a", text("old"));
  for (const mode_t bits : {0444U, 0644U}) {
    REQUIRE(::chmod((folder / "a").c_str(), bits) == 0);
    if (::geteuid() != 0 && bits == 0644U) continue;  // then it is ours
    const auto status = test::as_nobody([&] {
      const auto thrown = refusal(folder / "a");
      if (!thrown) return 1;
      if (thrown->code != std::errc::permission_denied) return 2;
      return thrown->message == (folder / "a").string() + ": cannot be written: Permission denied" ? 0 : 3;
    });
    CHECK(status == 0);
  }
  CHECK(test::bytes_of(folder / "a") == text("old"));
  CHECK(folder.files() == std::vector<std::string>{"a"});
}

#if defined(__linux__)

TEST_CASE("what a private file holds is never readable for others, also before the new one is finished") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  REQUIRE(::chmod((folder / "a").c_str(), 0600) == 0);
  for (const int without_nameless : {0, EOPNOTSUPP}) {
    test::observe_system_calls calls;
    calls.nameless_fails_with = without_nameless;
    const mode_t before = ::umask(0);
    std::vector<mode_t> created_with;
    calls.before_owner = [&](int descriptor) {
      struct stat status{};
      CHECK(::fstat(descriptor, &status) == 0);
      created_with.push_back(status.st_mode & 07777U);
      return 0;
    };
    mrcz::atomic_file out{folder / "a", durability::none, true};
    const auto partial = out.keep_partial();
    ::umask(before);
    CHECK(created_with == std::vector<mode_t>{0600U});
    CHECK(permissions_of(partial) == 0600U);
  }
}

TEST_CASE("between opening and publishing there is nothing in the folder that a killed program could leave") {
  const test::scratch_folder folder;
  if (!have_nameless_files(folder)) {
    MESSAGE("skipped: this file system has no files without names");
    return;
  }
  for (const bool exists : {false, true})
    for (const bool replace : {false, true}) {
      if (exists && !replace) continue;
      if (exists) test::write_bytes(folder / "a", text("old"));
      const auto before = folder.files();
      std::vector<std::size_t> renamed;
      {
        test::observe_system_calls calls;
        calls.before_rename = [&] {
          renamed.push_back(folder.files().size());
          return 0;
        };
        bool synced = false;
        calls.data_synced = [&](int) {
          synced = true;
          CHECK(folder.files() == before);
          return 0;
        };
        mrcz::atomic_file out{folder / "a", durability::data, replace};
        CHECK(folder.files() == before);
        out.write_at(0, text("new"));
        CHECK(folder.files() == before);
        out.publish();
        CHECK(synced);
      }
      // a second name exists only while an old file is replaced, for the moment of the rename
      CHECK(renamed == (exists ? std::vector<std::size_t>{2} : std::vector<std::size_t>{}));
      CHECK(folder.files() == std::vector<std::string>{"a"});
      CHECK(test::bytes_of(folder / "a") == text("new"));
      std::filesystem::remove(folder / "a");
    }
}

TEST_CASE("a program that is killed before it publishes leaves nothing, and a partial file only where one is wanted") {
  const test::scratch_folder folder;
  if (!have_nameless_files(folder)) {
    MESSAGE("skipped: this file system has no files without names");
    return;
  }
  enum class step { opened, written, synced, kept, renamed };
  for (const bool exists : {false, true})
    for (const auto last : {step::opened, step::written, step::synced, step::kept, step::renamed}) {
      if (exists) test::write_bytes(folder / "a", text("old"));
      const pid_t child = ::fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        const auto end_here = [] {
          ::kill(::getpid(), SIGKILL);
          return 0;
        };
        test::observe_system_calls calls;
        if (last == step::synced) calls.data_synced = [&](int) { return end_here(); };
        if (last == step::renamed) calls.before_rename = end_here;
        mrcz::atomic_file out{folder / "a", durability::data, true};
        if (last == step::opened) end_here();
        out.write_at(0, text("new"));
        if (last == step::written) end_here();
        if (last == step::kept) {
          out.keep_partial();
          end_here();
        }
        out.publish();
        ::_exit(0);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      const bool reached = last != step::renamed || exists;  // without an old file nothing is renamed
      CHECK(WIFSIGNALED(status) == reached);
      const bool left = last == step::kept || (last == step::renamed && exists);
      const bool there = exists || !reached;
      CHECK(folder.files().size() == (left ? 1U : 0U) + (there ? 1U : 0U));
      if (there) CHECK(test::bytes_of(folder / "a") == text(exists ? "old" : "new"));
      for (const auto& name : folder.files()) std::filesystem::remove(folder / name);
    }
}

TEST_CASE("where there are no files without names, a temporary one is beside the destination") {
  for (const int reason : {EOPNOTSUPP, EISDIR, ENOENT, EINVAL})
    for (const bool replace : {false, true}) {
      const test::scratch_folder folder;
      test::observe_system_calls calls;
      calls.nameless_fails_with = reason;
      {
        mrcz::atomic_file out{folder / "a", durability::full, replace};
        out.write_at(0, text("content"));
        REQUIRE(folder.files().size() == 1);
        CHECK(folder.files()[0].starts_with("a."));
        CHECK(folder.files()[0].ends_with(".partial"));
        out.publish();
        CHECK(folder.files() == std::vector<std::string>{"a"});
        CHECK(test::bytes_of(folder / "a") == text("content"));
      }
      std::filesystem::remove(folder / "a");
      {
        mrcz::atomic_file given_up{folder / "a", durability::none, replace};
      }
      CHECK(folder.files().empty());
    }
}

TEST_CASE("where files without names cannot be given one, what was written is copied and not lost") {
  for (const int reason : {EPERM, EOPNOTSUPP, ENOENT, EXDEV, EACCES})
    for (const bool exists : {false, true}) {
      const test::scratch_folder folder;
      if (exists) test::write_bytes(folder / "a", text("old"));
      if (exists) REQUIRE(::chmod((folder / "a").c_str(), 0640) == 0);
      test::observe_system_calls calls;
      calls.naming_fails_with = reason;
      calls.link_fails_with = EPERM;
      const mode_t before = ::umask(022);
      for (const bool kept : {false, true}) {
        mrcz::atomic_file out{folder / "a", durability::data, true};
        out.write_at(0, text("new"));
        if (kept) out.keep_partial();
        out.write_at(3, text("er"));
        out.publish();
        CHECK(test::bytes_of(folder / "a") == text("newer"));
        CHECK(permissions_of(folder / "a") == (exists ? 0640U : 0644U));
        CHECK(folder.files() == std::vector<std::string>{"a"});
      }
      ::umask(before);
    }
}

TEST_CASE("a file that a temporary name cannot be renamed over leaves nothing") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("old"));
  for (const int without_nameless : {0, EOPNOTSUPP}) {
    {
      test::observe_system_calls calls;
      calls.nameless_fails_with = without_nameless;
      calls.before_rename = [] { return EIO; };
      mrcz::atomic_file out{folder / "a", durability::none, true};
      const auto thrown = test::failure_of([&] { out.publish(); });
      REQUIRE(thrown);
      CHECK(thrown->message == (folder / "a").string() + ": cannot rename the finished file: Input/output error");
    }
    CHECK(folder.files() == std::vector<std::string>{"a"});
    CHECK(test::bytes_of(folder / "a") == text("old"));
  }
}

TEST_CASE("a scratch file of an atomic file has no name either") {
  const test::scratch_folder folder;
  for (const int without_nameless : {0, EOPNOTSUPP}) {
    test::observe_system_calls calls;
    const mrcz::atomic_file out{folder / "a", durability::none, true};
    const auto before = folder.files();
    calls.nameless_fails_with = without_nameless;
    mrcz::file scratch = out.scratch();
    scratch.write_at(0, text("spool"));
    CHECK(scratch.size() == 5);
    CHECK(folder.files() == before);
  }
}

#endif

TEST_CASE("an extension is refused while somebody else extends the file, and nothing that he closed is cut off") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("HEAD:one,"));
  {
    mrcz::detail::extended_file first{opened(folder / "a"), durability::none, 9};
    first.write_at(9, text("two,"));
    const auto thrown = test::failure_of([&] { opened(folder / "a"); });
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::operation_would_block);
    CHECK(thrown->mentions((folder / "a").string() + ": somebody else is appending to it"));
    first.write_at(0, text("head"));
    first.publish();
  }
  CHECK(test::bytes_of(folder / "a") == text("head:one,two,"));
  CHECK_FALSE(test::failure_of([&] { opened(folder / "a"); }));
}

TEST_CASE("a file that another one replaced meanwhile is not touched, nor its successor") {
  const test::scratch_folder folder;
  for (const bool written : {false, true}) {
    test::write_bytes(folder / "a", text("HEAD:one,"));
    {
      mrcz::detail::extended_file out{opened(folder / "a"), durability::none, 9};
      if (written) out.write_at(9, text("two,"));
      test::write_bytes(folder / "b", text("successor"));
      std::filesystem::rename(folder / "b", folder / "a");
      for (const auto& thrown :
           {test::failure_of([&] { out.write_at(0, text("head")); }), test::failure_of([&] { out.publish(); })}) {
        REQUIRE(thrown);
        CHECK(thrown->code == std::error_code{ESTALE, std::system_category()});
        CHECK(thrown->mentions((folder / "a").string() + ": another program replaced it"));
      }
    }
    CHECK(test::bytes_of(folder / "a") == text("successor"));
  }
}

TEST_CASE("what a program without locks did meanwhile to a file is noticed, and stays") {
  const test::scratch_folder folder;
  struct {
    const char* name;
    std::function<void(const std::filesystem::path&)> meddle;
    std::string after;
  } const cases[] = {
      {"appended and closed", [](const auto& path) { test::write_bytes(path, text("HEAX:one,THEIRS")); },
       "HEAX:one,THEIRS"},
      {"longer", [](const auto& path) { std::filesystem::resize_file(path, 20); },
       std::string{"HEAD:one,two,"} + std::string(7, '\0')},
      {"shorter", [](const auto& path) { std::filesystem::resize_file(path, 5); }, "HEAD:"},
      {"another header",
       [](const auto& path) { std::fstream{path, std::ios::in | std::ios::out | std::ios::binary}.put('h'); },
       "hEAD:one,two,"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    test::write_bytes(folder / "a", text("HEAD:one,"));
    {
      mrcz::detail::extended_file out{opened(folder / "a"), durability::none, 9};
      out.write_at(9, text("two,"));
      c.meddle(folder / "a");
      for (const auto& thrown :
           {test::failure_of([&] { out.write_at(0, text("head")); }), test::failure_of([&] { out.publish(); }),
            test::failure_of([&] { out.write_at(13, text("more")); })}) {
        REQUIRE(thrown);
        CHECK(thrown->code == std::error_code{ESTALE, std::system_category()});
        CHECK(thrown->mentions((folder / "a").string() + ": another program changed it"));
      }
    }
    CHECK(test::bytes_of(folder / "a") == text(c.after));
  }
}

TEST_CASE("the permissions of a file can be limited, and a replaced file does not widen them") {
  const test::scratch_folder folder;
  using std::filesystem::perms;
  const auto permissions_of = [&](const char* name) { return std::filesystem::status(folder / name).permissions(); };
  const auto write = [&](const char* name, unsigned permissions) {
    mrcz::atomic_file out{folder / name, mrcz::durability::none, true};
    out.limit_permissions(permissions);
    out.write_at(0, std::vector<std::byte>(10));
    out.publish();
  };
  write("new", 0600);
  CHECK(permissions_of("new") == perms{0600});
  write("new", 0644);
  CHECK(permissions_of("new") == perms{0600});
  write("open", 0664);
  CHECK(permissions_of("open") == perms{0664});
  write("open", 0640);
  CHECK(permissions_of("open") == perms{0640});
}

#endif
