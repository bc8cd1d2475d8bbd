#include "mrcz/io/mapped_file.hpp"

#include <type_traits>

#if !defined(_WIN32)
#include <sys/stat.h>
#endif

#include <doctest/doctest.h>

#include "tests/io/support.hpp"

static_assert(!std::is_copy_constructible_v<mrcz::mapped_file> && !std::is_move_constructible_v<mrcz::mapped_file>);

using test::text;

TEST_CASE("a mapped file lies in memory, byte for byte") {
  const test::scratch_folder folder;
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += static_cast<char>(i * 7 % 251);
  test::write_bytes(folder / "a", text(content));
  const mrcz::mapped_file mapped{folder / "a"};
  CHECK(mapped.size() == 20'000);
  CHECK(mapped.name() == (folder / "a").string());
  CHECK(std::ranges::equal(mapped.in_memory(), text(content)));
  std::vector<std::byte> part(10'000);
  mapped.read_at(9'999, part);
  CHECK(part == text(content.substr(9'999, 10'000)));
  mapped.read_at(20'000, {});
}

TEST_CASE("an empty file is mapped as nothing") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "empty", {});
  const mrcz::mapped_file mapped{folder / "empty"};
  CHECK(mapped.size() == 0);
  CHECK(mapped.in_memory().empty());
  mapped.read_at(0, {});
}

#if !defined(_WIN32)

TEST_CASE("a mapping outlives the name of its file and holds no file open") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("still here"));
  const auto open_before = test::open_files();
  const mrcz::mapped_file mapped{folder / "a"};
  CHECK(test::open_files() == open_before);
  std::filesystem::remove(folder / "a");
  CHECK(std::ranges::equal(mapped.in_memory(), text("still here")));
}

TEST_CASE("what cannot be mapped is refused with its path, and nothing stays open") {
  const test::scratch_folder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0666) == 0);
  const auto open_before = test::open_files();
  const auto failure_for = [](const std::filesystem::path& path) {
    return test::failure_of([&] { const mrcz::mapped_file mapped{path}; });
  };
  const auto missing = failure_for(folder / "missing");
  REQUIRE(missing);
  CHECK(missing->code == std::errc::no_such_file_or_directory);
  CHECK(missing->message == (folder / "missing").string() + ": cannot open: No such file or directory");
  const auto directory = failure_for(folder.path());
  REQUIRE(directory);
  CHECK(directory->code == std::errc::is_a_directory);
  const auto fifo = failure_for(folder / "fifo");
  REQUIRE(fifo);
  CHECK(fifo->code == std::errc::invalid_seek);
  CHECK(test::open_files() == open_before);
}

TEST_CASE("a file that does not fit into the addresses of this program is too large to be mapped" *
          doctest::skip(sizeof(std::size_t) > 4)) {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", text("a"));
  std::filesystem::resize_file(folder / "a", std::uintmax_t{5} << 30U);
  const auto thrown = test::failure_of([&] { const mrcz::mapped_file mapped{folder / "a"}; });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
  CHECK(thrown->mentions((folder / "a").string() + ": the file of 5368709120 bytes does not fit into memory"));
}

#endif
