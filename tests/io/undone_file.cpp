#include "mrcz/io/undone_file.hpp"

#include <doctest/doctest.h>

#include "mrcz/io/locked_file.hpp"
#include "tests/support.hpp"

namespace {

std::vector<std::byte> content_of(const mrcz::byte_source& from) {
  std::vector<std::byte> content(static_cast<std::size_t>(from.size()));
  from.read_at(0, content);
  return content;
}

std::vector<std::byte> some_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
  return bytes;
}

}  // namespace

TEST_CASE("a file without a record is read as it is") {
  const test::scratch_folder folder;
  const auto bytes = some_bytes(3000);
  test::write_bytes(folder / "a", bytes);
  CHECK(content_of(*mrcz::detail::open_undone(folder / "a")) == bytes);
  CHECK(mrcz::detail::open_undone(folder / "a")->name() == (folder / "a").string());
  test::write_bytes(folder / "a.undo", some_bytes(100));
  CHECK(content_of(*mrcz::detail::open_undone(folder / "a")) == bytes);
  CHECK(test::failure_of([&] { mrcz::detail::open_undone(folder / "nothing"); }));
}

TEST_CASE("while a file is changed in place it is read as before, at any place and to its old end") {
  const test::scratch_folder folder;
  const auto old = some_bytes(3000);
  test::write_bytes(folder / "a", old);
  std::shared_ptr<const mrcz::byte_source> meanwhile;
  {
    mrcz::detail::locked_file file{folder / "a"};
    const mrcz::detail::byte_range ranges[] = {{10, 20}, {100, 0}, {2000, 1500}};
    file.begin_change(ranges);
    file.write_at(10, std::vector<std::byte>(20));
    file.write_at(2000, std::vector<std::byte>(1500));
    REQUIRE(content_of(mrcz::file_source{folder / "a"}) != old);
    meanwhile = mrcz::detail::open_undone(folder / "a");
    CHECK(content_of(*meanwhile) == old);
    for (std::size_t from = 0; from < 3000; from += 7)
      for (const std::size_t size : {1U, 15U, 900U}) {
        std::vector<std::byte> part(std::min<std::size_t>(size, 3000 - from));
        meanwhile->read_at(from, part);
        CHECK(std::equal(part.begin(), part.end(), old.begin() + static_cast<std::ptrdiff_t>(from)));
      }
    file.end_change();
  }
  CHECK(content_of(*meanwhile) == old);
  CHECK(mrcz::detail::open_undone(folder / "a")->size() == 3500);
}

TEST_CASE("a record of another file is not applied") {
  const test::scratch_folder folder;
  test::write_bytes(folder / "a", some_bytes(3000));
  {
    mrcz::detail::locked_file file{folder / "a"};
    const mrcz::detail::byte_range ranges[] = {{10, 20}};
    file.begin_change(ranges);
    file.write_at(10, std::vector<std::byte>(20));
    std::filesystem::copy_file(folder / "a.undo", folder / "b.undo");
  }
  test::write_bytes(folder / "b", std::vector<std::byte>(3000));
  CHECK(content_of(*mrcz::detail::open_undone(folder / "b")) == std::vector<std::byte>(3000));
}
