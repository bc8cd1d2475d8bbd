#include "mrcz/io/spool.hpp"

#include <cstdlib>
#include <optional>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"
#include "tests/environment.hpp"
#include "tests/io/support.hpp"

namespace {

using mrcz::detail::spool;

std::vector<std::byte> bytes_of_size(std::size_t size) {
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i * i / 7);
  return content;
}

spool spooled(const std::vector<std::byte>& content, const mrcz::detail::spool_limits& limits) {
  const mrcz::memory_source source{content, "pipe"};
  mrcz::detail::source_in_order in_order{source};
  return spool{in_order, limits};
}

std::vector<std::byte> content_of(const spool& from) {
  std::vector<std::byte> content(static_cast<std::size_t>(from.size()));
  from.read_at(0, content);
  return content;
}

}  // namespace

TEST_CASE("what can be read only once is read at any position, in memory or in a file") {
  for (const std::size_t size : {0U, 1U, 1000U, 1U << 20U, (1U << 20U) + 1, 5'000'000U}) {
    const auto content = bytes_of_size(size);
    for (const std::uint64_t memory : {0U, 999U, 1000U, 2'000'000U, 100'000'000U}) {
      const auto all = spooled(content, {.memory = memory});
      CHECK(all.size() == size);
      CHECK(all.name() == "pipe");
      CHECK(content_of(all) == content);
      CHECK(all.in_memory().size() == (size <= memory ? size : 0));
      if (size < 1000) continue;
      std::vector<std::byte> some(10);
      all.read_at(size - 10, some);
      CHECK(some == std::vector<std::byte>(content.end() - 10, content.end()));
    }
  }
}

TEST_CASE("more than the limit is refused after one byte too many") {
  const auto content = bytes_of_size(3'000'000);
  for (const std::uint64_t most : {0U, 1U, 1000U, (1U << 20U), 2'999'999U})
    for (const std::uint64_t memory : {0U, 10'000'000U}) {
      const mrcz::memory_source source{content, "pipe"};
      mrcz::detail::source_in_order in_order{source};
      const auto thrown = test::failure_of([&] { const spool all{in_order, {.most_bytes = most, .memory = memory}}; });
      REQUIRE(thrown);
      CHECK(thrown->code == mrcz::errc::too_large);
      CHECK(thrown->mentions(fmt::format("pipe: holds more than {} bytes", most)));
      std::vector<std::byte> rest(content.size());
      CHECK(in_order.read(rest) == content.size() - most - 1);
    }
  CHECK(spooled(content, {.most_bytes = 3'000'000, .memory = 10'000'000}).size() == 3'000'000);
}

TEST_CASE("a requested stop ends spooling") {
  std::stop_source source;
  source.request_stop();
  const auto token = source.get_token();
  const auto thrown = test::failure_of([&] { spooled(bytes_of_size(10), {.memory = 100, .stop = &token}); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::stopped);
}

#if !defined(_WIN32)
TEST_CASE("the file of a spool has no name and vanishes with it") {
  const test::scratch_folder folder;
  const test::environment_variable tmpdir{"TMPDIR", folder.path().string()};
  const auto before = test::open_files();
  {
    const auto all = spooled(bytes_of_size(2000), {.memory = 100});
    CHECK(folder.files().empty());
    CHECK(test::open_files() == before + 1);
  }
  CHECK(test::open_files() == before);
}

TEST_CASE("a folder for temporary files that is missing, or may not be written, is named") {
  const test::scratch_folder folder;
  const auto content = bytes_of_size(2000);
  {
    const test::environment_variable tmpdir{"TMPDIR", (folder / "nothing").string()};
    CHECK(spooled(content, {.memory = 2000}).size() == 2000);
    const auto thrown = test::failure_of([&] { spooled(content, {.memory = 1999}); });
    REQUIRE(thrown);
    CHECK(thrown->mentions("pipe: needs a temporary file, but TMPDIR, or else /tmp, is no folder: "));
    CHECK(thrown->mentions("pipe is unpacked or read into a file there, because it has more than 1999 bytes"));
  }
  std::filesystem::create_directory(folder / "closed");
  std::filesystem::permissions(folder / "closed", std::filesystem::perms::owner_read);
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const test::environment_variable tmpdir{"TMPDIR", (folder / "closed").string()};
  const test::without_privileges user;
  const auto thrown = test::failure_of([&] { spooled(content, {.memory = 10}); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::permission_denied);
  CHECK(thrown->mentions((folder / "closed").string() + ": cannot create a temporary file in this folder"));
}

TEST_CASE("a file that cannot grow is the system's error, and says what it is for") {
  const test::scratch_folder folder;
  const test::environment_variable tmpdir{"TMPDIR", folder.path().string()};
  const test::file_size_limit limit{100'000};
  const auto thrown = test::failure_of([&] { spooled(bytes_of_size(3'000'000), {.memory = 1000}); });
  REQUIRE(thrown);
  CHECK(thrown->code == std::errc::file_too_large);
  CHECK(thrown->mentions(folder.path().string() + ": cannot write"));
  CHECK(thrown->mentions("pipe is unpacked or read into a file there"));
}

#if defined(__linux__)
TEST_CASE("a full folder for temporary files is named") {
  const test::scratch_folder folder;
  const auto answer = test::on_small_disk(folder.path(), [&](const std::filesystem::path& disk) {
    const test::environment_variable tmpdir{"TMPDIR", disk.string()};
    const auto thrown = test::failure_of([&] { spooled(bytes_of_size(3'000'000), {.memory = 1000}); });
    return thrown ? thrown->message : "nothing thrown";
  });
  if (!answer) {
    MESSAGE("skipped: no disk can be mounted here");
    return;
  }
  CHECK(*answer == folder.path().string() +
                       ": cannot write: No space left on device; pipe is unpacked or read into a file there, because "
                       "it has more than 1000 bytes");
}
#endif
#endif
