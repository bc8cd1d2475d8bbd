#include "mrcz/io/file.hpp"

#include <array>
#include <atomic>
#include <climits>
#include <thread>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if !defined(_WIN32)
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include "tests/io/support.hpp"
#include "tests/io/system_calls.hpp"

static_assert(!std::is_copy_constructible_v<mrcz::file> && !std::is_copy_assignable_v<mrcz::file>);
static_assert(std::is_nothrow_move_constructible_v<mrcz::file> && std::is_nothrow_move_assignable_v<mrcz::file>);
static_assert(!std::is_copy_constructible_v<mrcz::file_source>);

using open_for = mrcz::file::access;
using test::text;

namespace {

std::optional<test::failure> failure_to_open(const std::filesystem::path& path, open_for wanted) {
  return test::failure_of([&] { const mrcz::file opened{path, wanted}; });
}

}  // namespace

TEST_CASE("a file that is missing, or there already, is refused with its path and the system's reason") {
  const test::scratch_folder folder;
  for (const auto wanted : {open_for::read, open_for::read_write}) {
    const auto missing = failure_to_open(folder / "missing", wanted);
    REQUIRE(missing);
    CHECK(missing->code == std::errc::no_such_file_or_directory);
    CHECK(missing->message == (folder / "missing").string() + ": cannot open: No such file or directory");
  }
  CHECK(folder.files().empty());

  test::write_bytes(folder / "there", text("content"));
  const auto there = failure_to_open(folder / "there", open_for::create);
  REQUIRE(there);
  CHECK(there->code == std::errc::file_exists);
  CHECK(there->message == (folder / "there").string() + ": cannot create: File exists");
  CHECK(test::bytes_of(folder / "there") == text("content"));

  const auto nowhere = failure_to_open(folder / "missing/new", open_for::create);
  REQUIRE(nowhere);
  CHECK(nowhere->code == std::errc::no_such_file_or_directory);
}

TEST_CASE("a directory is no file") {
  const test::scratch_folder folder;
  const auto read = failure_to_open(folder.path(), open_for::read);
  REQUIRE(read);
  CHECK(read->code == std::errc::is_a_directory);
  CHECK(read->message == folder.path().string() + ": cannot read or write: Is a directory");
  const auto write = failure_to_open(folder.path(), open_for::read_write);
  REQUIRE(write);
  CHECK(write->code == std::errc::is_a_directory);
}

TEST_CASE("bytes are written and read at any position, gaps read as zeros") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  CHECK(opened.size() == 0);
  opened.write_at(6, text("tail"));
  opened.write_at(0, text("head"));
  opened.write_at(20, {});
  CHECK(opened.size() == 10);
  std::vector<std::byte> all(10);
  opened.read_at(0, all);
  CHECK(all == text(std::string{"head\0\0tail", 10}));
  opened.truncate(5);
  CHECK(opened.size() == 5);
  opened.sync();
  opened.truncate(7);
  CHECK(test::bytes_of(folder / "a") == text(std::string{"head\0\0\0", 7}));
}

TEST_CASE("a file opened for reading and writing keeps what it had") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("0123456789"));
  {
    mrcz::file opened{folder / "a", open_for::read_write};
    opened.write_at(3, text("xyz"));
  }
  CHECK(test::bytes_of(folder / "a") == text("012xyz6789"));
}

TEST_CASE("reading beyond the end is truncation, and the message says where the file ends") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("0123456789"));
  const mrcz::file opened{folder / "a", open_for::read};
  std::vector<std::byte> into(8);
  const auto part = test::failure_of([&] { opened.read_at(6, into); });
  REQUIRE(part);
  CHECK(part->code == mrcz::errc::truncated);
  CHECK(part->message == (folder / "a").string() + ": file ends at byte 10, expected 4 bytes more");
  const auto nothing = test::failure_of([&] { opened.read_at(10, std::span{into}.first(1)); });
  REQUIRE(nothing);
  CHECK(nothing->code == mrcz::errc::truncated);
  opened.read_at(10, {});
  opened.read_at(2, into);
  CHECK(into == text("23456789"));
}

TEST_CASE("positions that no file has are the system's error, not a read from elsewhere") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  std::vector<std::byte> bytes(4);
  for (const std::uint64_t offset : {std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    const auto read = test::failure_of([&] { opened.read_at(offset, bytes); });
    REQUIRE(read);
    CHECK(read->code == std::errc::invalid_argument);
    CHECK(read->message == (folder / "a").string() + ": cannot read: Invalid argument");
    const auto written = test::failure_of([&] { opened.write_at(offset, bytes); });
    REQUIRE(written);
    CHECK(written->code == std::errc::invalid_argument);
    CHECK(written->message == (folder / "a").string() + ": cannot write: Invalid argument");
    const auto cut = test::failure_of([&] { opened.truncate(offset); });
    REQUIRE(cut);
    CHECK(cut->code == std::errc::invalid_argument);
    CHECK(cut->message == (folder / "a").string() + ": cannot change the size: Invalid argument");
  }
  CHECK(opened.size() == 0);
}

TEST_CASE("closing reports; a file that was closed can do nothing more") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  opened.close_checked();
  for (const auto& thrown :
       {test::failure_of([&] { opened.close_checked(); }), test::failure_of([&] { opened.write_at(0, text("x")); }),
        test::failure_of([&] { opened.sync(); }), test::failure_of([&] { opened.size(); })}) {
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::bad_file_descriptor);
    CHECK(thrown->mentions((folder / "a").string() + ": cannot "));
  }
}

TEST_CASE("a source knows its size from the beginning, and notices when the file became shorter") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("0123456789"));
  const mrcz::file_source source{folder / "a"};
  CHECK(source.size() == 10);
  CHECK(source.name() == (folder / "a").string());
  CHECK(source.in_memory().empty());
  std::filesystem::resize_file(folder / "a", 4);
  CHECK(source.size() == 10);
  std::vector<std::byte> all(10);
  const auto thrown = test::failure_of([&] { source.read_at(0, all); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::truncated);
  CHECK(thrown->mentions("file ends at byte 4, expected 6 bytes more"));
}

TEST_CASE("several threads read one source at once") {
  const test::scratch_folder folder;
  std::vector<std::byte> content(100'000);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 31 % 253);
  test::write_bytes(folder / "a", content);
  const mrcz::file_source source{folder / "a"};
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t id = 0; id < 4; ++id)
      threads.emplace_back([&, id] {
        std::vector<std::byte> part(1000);
        for (std::size_t first = id * 13; first + part.size() <= content.size(); first += 997) {
          source.read_at(first, part);
          if (!std::ranges::equal(part, std::span{content}.subspan(first, part.size()))) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("a scratch file has no name and is gone once it is closed") {
  const test::scratch_folder folder;
  {
    mrcz::file scratch{folder.path(), mrcz::file::access::scratch};
    scratch.write_at(3, test::text("abc"));
    CHECK(scratch.size() == 6);
#if !defined(_WIN32)
    CHECK(folder.files().empty());
#endif
  }
  CHECK(folder.files().empty());
  const auto thrown = test::failure_of([&] { mrcz::file{folder / "nothing", mrcz::file::access::scratch}; });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::no_such_file_or_directory);
  CHECK(thrown->mentions((folder / "nothing").string() + ": cannot create a temporary file in this folder"));
}

TEST_CASE("parts of one file are copied into another, inside the system or not") {
  const test::scratch_folder folder;
  std::string content;
  for (int i = 0; i < 400'000; ++i) content += static_cast<char>('a' + (i % 23) * (i % 23) % 23);
  test::write_bytes(folder / "from", test::text(content));
  const mrcz::file from{folder / "from", mrcz::file::access::read};
  mrcz::file to{folder / "to", mrcz::file::access::create};
  to.copy(from, 0, content.size(), 5);
  to.copy(from, 100, 3, 0);
  to.copy(from, 100, 0, 999'999);
  CHECK(test::bytes_of(folder / "to") == test::text(content.substr(100, 3) + std::string(2, '\0') + content));
  const auto thrown = test::failure_of([&] { to.copy(from, content.size() - 1, 2, 0); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::truncated);
}

TEST_CASE("a file knows whether another one has taken its place") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", {});
  const mrcz::file opened{folder / "a", mrcz::file::access::read};
  CHECK(opened.is_at(folder / "a"));
  std::filesystem::rename(folder / "a", folder / "b");
  CHECK_FALSE(opened.is_at(folder / "a"));
  test::write_bytes(folder / "a", {});
  CHECK_FALSE(opened.is_at(folder / "a"));
  CHECK(opened.is_at(folder / "b"));
}

#if !defined(_WIN32)

namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a symbolic link is followed to the file that it leads to, and never created through") {
  const test::scratch_folder folder;
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  const auto dangling = failure_to_open(folder / "dangling", open_for::create);
  REQUIRE(dangling);
  CHECK(dangling->code == std::errc::file_exists);
  test::write_bytes(folder / "a", {});
  std::filesystem::create_symlink(folder / "a", folder / "link");
  const mrcz::file opened{folder / "a", open_for::read};
  CHECK(opened.is_at(folder / "link"));
}

TEST_CASE("a FIFO is refused at once, whether or not somebody is at its other end") {
  const test::scratch_folder folder;
  const auto path = folder / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0666) == 0);
  for (const auto wanted : {open_for::read, open_for::read_write}) {
    const auto thrown = failure_to_open(path, wanted);
    REQUIRE(thrown);
    CHECK(thrown->code == std::errc::invalid_seek);
    CHECK(thrown->mentions(path.string() + ": is not a regular file"));
  }
}

TEST_CASE("a device is refused") {
  const auto thrown = failure_to_open("/dev/zero", open_for::read);
  REQUIRE(thrown);
  CHECK(thrown->mentions("/dev/zero: is not a regular file"));
}

TEST_CASE("a file that may not be read, written or created is refused") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("secret"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  const auto path = folder / "a";
  std::filesystem::permissions(path, std::filesystem::perms{0444});
  const auto write = [&] {
    const test::without_privileges nobody;
    return failure_to_open(path, open_for::read_write);
  }();
  REQUIRE(write);
  CHECK(write->code == std::errc::permission_denied);
  const auto create = [&] {
    const test::without_privileges nobody;
    return failure_to_open(folder / "b", open_for::create);
  }();
  REQUIRE(create);
  CHECK(create->code == std::errc::permission_denied);
  CHECK(create->message == (folder / "b").string() + ": cannot create: Permission denied");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  const auto read = [&] {
    const test::without_privileges nobody;
    return failure_to_open(path, open_for::read);
  }();
  REQUIRE(read);
  CHECK(read->code == std::errc::permission_denied);
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
}

TEST_CASE("a refused file leaves nothing open") {
  const test::scratch_folder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0666) == 0);
  const auto before = test::open_files();
  for (int i = 0; i < 10; ++i) {
    CHECK(failure_to_open(folder.path(), open_for::read));
    CHECK(failure_to_open(folder / "fifo", open_for::read));
    CHECK(failure_to_open(folder / "missing", open_for::read));
  }
  CHECK(test::open_files() == before);
}

TEST_CASE("a file opened for reading cannot be changed") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("content"));
  mrcz::file opened{folder / "a", open_for::read};
  const auto thrown = test::failure_of([&] { opened.write_at(0, text("x")); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::bad_file_descriptor);
  CHECK(test::bytes_of(folder / "a") == text("content"));
}

TEST_CASE("a write that fits only in part is finished or reported") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  const std::vector<std::byte> bytes(10'000, std::byte{7});
  const auto thrown = [&] {
    const test::file_size_limit limit{4096};
    return test::failure_of([&] { opened.write_at(1000, bytes); });
  }();
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::file_too_large);
  CHECK(thrown->message == (folder / "a").string() + ": cannot write: File too large");
  CHECK(opened.size() == 4096);
}

TEST_CASE("a file is closed once, by whoever has it last, and not inherited by other programs") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("a"));
  test::write_bytes(folder / "b", text("b"));
  int first = -1;
  int second = -1;
  {
    mrcz::file a{folder / "a", open_for::read};
    mrcz::file b{folder / "b", open_for::read};
    first = a.handle();
    second = b.handle();
    CHECK((::fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
    mrcz::file moved{std::move(a)};
    CHECK(moved.handle() == first);
    CHECK(moved.path() == folder / "a");
    b = std::move(moved);
    CHECK_FALSE(is_open(second));
    CHECK(b.path() == folder / "a");
    std::array<std::byte, 1> byte{};
    b.read_at(0, byte);
    CHECK(byte[0] == std::byte{'a'});
  }
  CHECK_FALSE(is_open(first));
}

#if defined(__linux__)

TEST_CASE("a file that another program has leased is opened once the lease is given back") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("content"));
  for (const auto wanted : {open_for::read, open_for::read_write}) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      sigset_t lease_break;
      sigemptyset(&lease_break);
      sigaddset(&lease_break, SIGIO);
      ::sigprocmask(SIG_BLOCK, &lease_break, nullptr);  // it waits below
      const int leased = ::open((folder / "a").c_str(), O_RDWR);
      const bool have_lease = leased >= 0 && ::fcntl(leased, F_SETLEASE, F_WRLCK) == 0;
      if (::write(ready[1], have_lease ? "y" : "n", 1) != 1 || !have_lease) ::_exit(have_lease ? 1 : 0);
      int number = 0;
      ::sigwait(&lease_break, &number);  // somebody opens the file
      ::_exit(::fcntl(leased, F_SETLEASE, F_UNLCK) == 0 ? 0 : 1);
    }
    char answer = '?';
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
    if (answer == 'y') {
      std::optional<test::failure> thrown;
      {
        thrown = test::failure_of([&] {
          const mrcz::file opened{folder / "a", wanted};
          std::vector<std::byte> bytes(7);
          opened.read_at(0, bytes);
          CHECK(bytes == text("content"));
        });
      }
      if (thrown) ::kill(child, SIGKILL);
      CHECK_MESSAGE(!thrown, (thrown ? thrown->message : ""));
    } else {
      MESSAGE("skipped: this file system has no leases");
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
}

TEST_CASE("a file that cannot be inspected is closed again") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("content"));
  const auto before = test::open_files();
  {
    test::observe_system_calls calls;
    calls.inspecting_fails_with = EIO;
    for (const auto wanted : {open_for::read, open_for::read_write}) {
      const auto thrown = failure_to_open(folder / "a", wanted);
      REQUIRE(thrown);
      CHECK(thrown->message == (folder / "a").string() + ": cannot inspect: Input/output error");
    }
  }
  CHECK(test::open_files() == before);
}

TEST_CASE("a system that takes no byte, and does not say why, ends a write") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  int calls_made = 0;
  test::observe_system_calls calls;
  calls.written = [&](std::size_t) -> long { return ++calls_made > 3 ? -1 : 0; };  // the end of a test that would hang
  const auto thrown = test::failure_of([&] { opened.write_at(5, text("content")); });
  REQUIRE(thrown);
  CHECK(calls_made == 1);
  CHECK(thrown->code == std::errc::io_error);
  CHECK(thrown->mentions((folder / "a").string() + ": cannot write: the system took none of 7 bytes at byte 5"));
}

TEST_CASE("more than INT_MAX bytes are written in pieces, since some systems refuse them at once") {
  if (sizeof(std::size_t) < 8) {
    MESSAGE("skipped: not enough addresses");
    return;
  }
  constexpr auto size = static_cast<std::size_t>(std::uint64_t{3} << 30U);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(address != MAP_FAILED);
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  std::size_t most = 0;
  std::size_t all = 0;
  {
    test::observe_system_calls calls;
    calls.written = [&](std::size_t count) {
      most = std::max(most, count);
      all += count;
      return static_cast<long>(count);
    };
    opened.write_at(0, {static_cast<const std::byte*>(address), size});
  }
  ::munmap(address, size);
  CHECK(all == size);
  CHECK(most <= static_cast<std::size_t>(INT_MAX));
}

TEST_CASE("a sync that a signal interrupts is repeated") {
  const test::scratch_folder folder;
  mrcz::file opened{folder / "a", open_for::create};
  test::observe_system_calls calls;
  int tries = 0;
  calls.data_synced = [&](int) { return ++tries < 3 ? EINTR : 0; };
  opened.sync();
  CHECK(tries == 3);
}

#endif

#endif
