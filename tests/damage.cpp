#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <vector>

#include <sys/resource.h>

#include "mrcz/codec/blosc.hpp"
#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/reader.hpp"
#include "tests/sanitized.hpp"
#include "tests/whole_files.hpp"

// Whatever is wrong with a file, reading it gives voxels or an mrcz::error: it does not crash, throw anything else, or
// take memory that the file cannot justify.

namespace {

using mrcz::codec;
using mrcz::mode;

/// How many variants of a file could be read, and how many were refused.
struct tally {
  int read = 0;
  int refused = 0;
};

/// Opens the file, reads the metadata, one row of each slice, and all voxels in the file's own type.
void read_all(std::span<const std::byte> file, tally& seen) {
  const auto attempt = [&](auto&& action) {
    try {
      action();
      return true;
    } catch (const mrcz::error& e) {
      if (!std::string_view{e.what()}.starts_with("memory: ")) throw std::logic_error{"the message names no file"};
      return false;
    }
  };
  const bool good = attempt([&] {
    const mrcz::reader in{std::make_unique<mrcz::memory_source>(file), {.threads = 1}};
    attempt([&] { static_cast<void>(in.metadata()); });
    in.visit([&]<class T>(std::type_identity<T>) {
      for (std::size_t z = 0; z < std::min<std::size_t>(in.shape()[0], 3); ++z)
        attempt([&] {
          const auto [nz, ny, nx] = in.shape();
          const auto row = in.read_region<T>({.z = {z, 1}, .y = {ny / 2, 1}, .x = {nx / 2}});
          if (row.size() != nx - nx / 2) throw std::logic_error{"the shape of a row is wrong"};
        });
      if (mrcz::detail::shape_of(in.read<T>()) != in.shape()) throw std::logic_error{"the shape is wrong"};
    });
  });
  ++(good ? seen.read : seen.refused);
}

/// Values that turn signs, sizes and flags around.
std::vector<std::byte> damaged(std::byte b) {
  return {b ^ std::byte{0x01}, b ^ std::byte{0x80}, b ^ std::byte{0xff},
          std::byte{0x00},     std::byte{0x7f},     std::byte{0xff}};
}

/// Every other value. Under a sanitizer, which is slow, only each 17th of them; these still change each bit.
std::vector<std::byte> every_damage(std::byte b) {
  std::vector<std::byte> values;
  for (unsigned change = 1; change < 256; change += MRCZ_TEST_SANITIZED == 0 ? 1 : 17)
    values.push_back(b ^ static_cast<std::byte>(change));
  return values;
}

/// Every file as it is damaged below: one per codec and one without, both byte orders, with metadata.
std::vector<test::bytes> small_files() {
  std::vector<test::bytes> files;
  bool swap = false;
  for (const codec c : mrcz::all_codecs) {
    if (!mrcz::available(c)) continue;
    const auto order = (swap = !swap) ? std::endian::little : std::endian::big;
    files.push_back(test::file_of(mode::int16, {3, 12, 15}, {.compression = {.codec = c}, .byte_order = order},
                                  {{"name", "K2"}, {"dose", 1.25}}));
  }
  return files;
}

/// Runs `action` in a child process that may use 64 MiB more than this one. Under a sanitizer there is no limit,
/// because the memory of the sanitizer would count. 0 is success.
template <class Action>
int in_bounded_child(Action&& action) {
  return test::in_child([&] {
    if (MRCZ_TEST_SANITIZED == 0) {
      std::size_t pages = 0;
      if (std::FILE* self = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(self, "%zu", &pages) != 1) pages = 0;
        std::fclose(self);
      }
      if (pages == 0) return 3;
      const rlim_t limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20U);
      const rlimit bound{limit, limit};
      if (::setrlimit(RLIMIT_AS, &bound) != 0) return 4;
    }
    return action();
  });
}

}  // namespace

TEST_CASE("the limit on memory that the tests of damage rely on is one") {
  if (MRCZ_TEST_SANITIZED != 0) return;
  const int status = in_bounded_child([] {
    try {
      const std::vector<char> large(std::size_t{65} << 20U, 'x');
      return large.back() == 'x' ? 1 : 2;
    } catch (const std::bad_alloc&) {
      return 0;
    }
  });
  CHECK(test::exited_with(status, 0));
}

TEST_CASE("a file that is cut off anywhere is an error or shorter, never a crash") {
  for (const auto& file : small_files()) {
    const int status = in_bounded_child([&] {
      tally seen;
      for (std::size_t size = 0; size < file.size(); ++size) {
        const test::bytes cut = test::first(file, size);  // memory of its own, so that reading behind its end shows
        read_all(cut, seen);
      }
      return seen.read == 0 && seen.refused == static_cast<int>(file.size()) ? 0 : 1;
    });
    CHECK(test::exited_with(status, 0));
  }
}

TEST_CASE("any damaged byte of the header is an error or gives voxels, never a crash") {
  const auto files = small_files();
  for (const auto& file : files) {
    const int status = in_bounded_child([&] {
      tally seen;
      test::bytes copy = file;
      for (std::size_t at = 0; at < mrcz::header_size; ++at) {
        const bool is_field = at < 224;  // labels are text, which one file is enough for
        for (const std::byte b : is_field || &file == &files.front() ? every_damage(file[at]) : damaged(file[at])) {
          copy[at] = b;
          read_all(copy, seen);
        }
        copy[at] = file[at];
      }
      return seen.read > 4000 && seen.refused > 50 ? 0 : 1;  // most bytes are labels
    });
    CHECK(test::exited_with(status, 0));
  }
}

TEST_CASE("any damaged byte at the beginning of a chunk is an error or gives voxels, never a crash") {
  for (const auto& file : small_files()) {
    const mrcz::reader whole{std::make_unique<mrcz::memory_source>(std::span{file})};
    if (!whole.slices().compressed()) continue;
    const int status = in_bounded_child([&] {
      tally seen;
      test::bytes copy = file;
      for (std::size_t z = 0; z < 3; ++z) {
        const auto place = whole.slices()[z];
        for (std::size_t i = 0; i < std::min<std::uint64_t>(32, place.packed_bytes); ++i) {
          const auto at = static_cast<std::size_t>(place.offset) + i;
          for (const std::byte b : every_damage(file[at])) {
            copy[at] = b;
            read_all(copy, seen);
          }
          copy[at] = file[at];
        }
      }
      return seen.refused > 200 ? 0 : 1;
    });
    CHECK(test::exited_with(status, 0));
  }
}

TEST_CASE("any damaged byte of a chunk's list of blocks is an error or gives voxels, also where only one is needed") {
  for (const codec c : mrcz::all_codecs) {
    if (c == codec::none || !mrcz::available(c)) continue;
    const auto file = test::file_of(mode::int16, {1, 64, 64}, {.compression = {.codec = c, .block_size = 1024}});
    const auto at = static_cast<std::size_t>(test::reader_of(file).slices().begin());
    const auto header = mrcz::detail::chunk_header::decode(std::span{file}.subspan(at).first<16>());
    const auto listed = static_cast<std::size_t>(16 + 4 * header.blocks() + 8);  // and the sizes of the first streams
    const int status = in_bounded_child([&] {
      tally seen;
      test::bytes copy = file;
      for (std::size_t i = at; i < std::min(at + listed, file.size()); ++i) {
        for (const std::byte b : damaged(file[i])) {
          copy[i] = b;
          read_all(copy, seen);
        }
        copy[i] = file[i];
      }
      return seen.refused > 50 ? 0 : 1;
    });
    CHECK(test::exited_with(status, 0));
  }
}

TEST_CASE("sizes that a small file claims and cannot have cost no memory") {
  for (const auto& file : small_files()) {
    const auto order = mrcz::reader{std::make_unique<mrcz::memory_source>(std::span{file})}.header().byte_order;
    const int status = in_bounded_child([&] {
      tally seen;
      for (const std::int32_t size : {1 << 14, 1 << 20, INT32_MAX}) {
        for (unsigned axes = 1; axes < 8; ++axes) {
          test::bytes copy = file;
          for (unsigned axis = 0; axis < 3; ++axis)
            if ((axes >> axis & 1U) != 0) test::patch(copy, 4 * axis, size, order);
          read_all(copy, seen);
        }
      }
      test::bytes copy = file;
      test::patch(copy, 92, INT32_MAX, order);
      read_all(copy, seen);
      return seen.read == 0 ? 0 : 1;
    });
    CHECK(test::exited_with(status, 0));
  }
}

TEST_CASE("metadata that are damaged anywhere are an error or metadata, never a crash") {
  const auto file = test::file_of(mode::int8, {1, 2, 2}, {}, {{"name", "K2"}, {"list", {1, nullptr, true, 2.5e-3}}});
  const int status = in_bounded_child([&] {
    int refused = 0;
    test::bytes copy = file;
    const auto end = static_cast<std::size_t>(test::reader_of(file).slices().begin());
    for (std::size_t at = mrcz::header_size; at < end; ++at) {
      for (const unsigned value : {0U, 0x22U, 0x5bU, 0x5dU, 0x5cU, 0x7bU, 0x7dU, 0x2cU, 0x80U, 0xc3U, 0xffU}) {
        copy[at] = static_cast<std::byte>(value);
        const auto in = test::reader_of(copy);
        const auto failure = test::failure_of([&] { static_cast<void>(in.metadata()); });
        if (failure && failure->code != mrcz::errc::bad_metadata) return 2;
        refused += failure.has_value();
        if (in.read<std::int8_t>().size() != 4) return 3;
      }
      copy[at] = file[at];
    }
    return refused > 100 ? 0 : 1;
  });
  CHECK(test::exited_with(status, 0));
}
