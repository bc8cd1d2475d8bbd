#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bloscpack/support.hpp"
#include "tests/sanitized.hpp"

// Whatever is wrong with a file, reading it gives what was packed or an mrcz::error: no other data, no crash, no other
// exception, and no memory that the file cannot justify.

namespace {

using test::bytes;
using test::bp::checksum;

/// How many variants of a file could be read, and how many were refused.
struct tally {
  int read = 0;
  int refused = 0;
};

/// Calls `action`, which may throw an `mrcz::error` and nothing else.
template <class Action>
bool succeeds(std::string_view name, Action&& action) {
  try {
    action();
    return true;
  } catch (const mrcz::error& e) {
    if (!std::string_view{e.what()}.starts_with(std::string{name} + ": "))
      throw std::logic_error{"the message names no file"};
    return false;
  }
}

/// Reads everything in every way. Throws if data were read that were not packed. `any_data` turns this check off, for
/// files without checksums.
void read_all(const bytes& file, const bytes& content, tally& seen, bool any_data = false) {
  const auto require = [&](const bytes& found) {
    if (!any_data && found != content) throw std::logic_error{"other data were read"};
  };
  bool whole = false;
  succeeds("memory", [&] {
    const auto in = test::reader_of(file, {.threads = 1});
    succeeds("memory", [&] { static_cast<void>(in.metadata()); });
    const bool sound = in.verify().empty();
    whole = succeeds("memory", [&] {
      if (in.size() > content.size()) in.require_plausible();
      require(test::content_of(in));
    });
    if (sound && !whole) throw std::logic_error{"verify found nothing wrong with a file that cannot be read"};
    for (std::size_t at = 0; at + 10 < content.size(); at += 700)
      succeeds("memory", [&] {
        bytes part(10);
        in.read_at(at, part);
        if (!any_data && !std::equal(part.begin(), part.end(), content.begin() + static_cast<std::ptrdiff_t>(at)))
          throw std::logic_error{"another part was read"};
      });
  });
  succeeds("stream", [&] { require(test::unpacked_in_order(file, {.threads = 1})); });
  ++(whole ? seen.read : seen.refused);
}

bytes patched(bytes file, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i));
  return file;
}

const bytes content = test::numbers(3500);

/// Files of every kind, all with checksums.
std::vector<bytes> small_files() {
  const test::bp::metadata values{{"name", "K2"}, {"text", std::string(100, 'x')}};
  const auto whole = test::first(content, 3500);
  return {test::packed_file(whole, {.chunk_size = 1000}),
          test::packed_file(whole, {.chunk_size = 1000, .checksum = checksum::md5, .max_app_chunks = 3}, values),
          test::packed_file(whole, {.chunk_size = 700, .checksum = checksum::crc32, .offsets = false}, values),
          test::packed_file(
              whole, {.codec = mrcz::codec::zstd, .chunk_size = 700, .checksum = checksum::sha1, .offsets = false}),
          test::packed_file(whole, {.codec = mrcz::codec::lz4, .chunk_size = 3500}, values)};
}

bytes unguarded_file() {
  return test::packed_file(content, {.codec = mrcz::codec::zlib, .chunk_size = 1000, .checksum = checksum::none},
                           {{"a", 1}});
}

/// Runs `action` in a child process that may use 64 MiB more than this one (under a sanitizer without that limit) and
/// returns what it returned; 99 if it threw.
template <class Action>
int in_bounded_child(Action&& action) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      std::size_t pages = 0;
      if (std::FILE* self = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(self, "%zu", &pages) != 1) pages = 0;
        std::fclose(self);
      }
      const rlim_t limit = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20U);
      const rlimit bound{limit, limit};
      if (MRCZ_TEST_SANITIZED == 0 && (pages == 0 || ::setrlimit(RLIMIT_AS, &bound) != 0)) status = 98;
      else status = action();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s\n", e.what());
    }
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

}  // namespace

TEST_CASE("the files that are damaged below are sound") {
  for (const auto& file : small_files()) {
    tally seen;
    read_all(file, content, seen);
    CHECK(seen.read == 1);
  }
}

TEST_CASE("a bloscpack file that is cut off anywhere is an error") {
  auto files = small_files();
  files.push_back(unguarded_file());
  for (const auto& file : files) {
    CHECK(in_bounded_child([&] {
            tally seen;
            for (std::size_t size = 0; size < file.size(); ++size) read_all(test::first(file, size), content, seen);
            return seen.read == 0 ? 0 : 1;
          }) == 0);
  }
}

TEST_CASE(
    "any changed byte of headers, metadata, offsets and the beginnings of chunks is an error or changes no data") {
  for (const auto& file : small_files()) {
    const auto whole = test::reader_of(file);
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < whole.chunks().begins()[0]; ++at) places.push_back(at);
    for (const std::uint64_t begin : whole.chunks().begins())
      for (std::size_t at = 0; at < 32; ++at) places.push_back(static_cast<std::size_t>(begin) + at);
    CHECK(in_bounded_child([&] {
            tally seen;
            bytes copy = file;
            for (const std::size_t at : places) {
              const bool every = MRCZ_TEST_SANITIZED == 0 && (at < 96 || at >= whole.chunks().begins()[0]);
              for (unsigned change = 1; change < 256; change += every ? 1 : 37) {
                copy[at] = file[at] ^ static_cast<std::byte>(change);
                read_all(copy, content, seen);
              }
              copy[at] = file[at];
            }
            return seen.refused > 300 ? 0 : 1;
          }) == 0);
  }
}

TEST_CASE("any changed byte of a chunk or its digest is an error") {
  for (const auto& file : small_files()) {
    const auto begin = static_cast<std::size_t>(test::reader_of(file).chunks().begins()[0]);
    CHECK(in_bounded_child([&] {
            tally seen;
            bytes copy = file;
            for (std::size_t at = begin; at < file.size(); ++at)
              for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
                copy[at] = file[at] ^ static_cast<std::byte>(change);
                read_all(copy, content, seen);
                copy[at] = file[at];
              }
            return seen.read == 0 ? 0 : 1;
          }) == 0);
  }
}

TEST_CASE("without checksums a changed byte is an error or data, never a crash") {
  const bytes file = unguarded_file();
  CHECK(in_bounded_child([&] {
          tally seen;
          bytes copy = file;
          for (std::size_t at = 0; at < file.size(); ++at) {
            for (const unsigned change : {0x01U, 0x02U, 0x10U, 0x80U, 0xffU}) {
              copy[at] = file[at] ^ static_cast<std::byte>(change);
              read_all(copy, content, seen, true);
            }
            copy[at] = file[at];
          }
          return seen.refused > 500 ? 0 : 1;
        }) == 0);
}

TEST_CASE("counts and sizes that a small file claims and cannot have cost no memory") {
  for (const auto& file : small_files()) {
    const bool described = test::reader_of(file).header().metadata;
    CHECK(in_bounded_child([&] {
            tally seen;
            for (const std::uint64_t size :
                 {std::uint64_t{1} << 20U, std::uint64_t{0x7fffffef}, std::uint64_t{0xffffffff}})
              for (unsigned fields = 1; fields < 4; ++fields) {
                bytes copy = file;
                if ((fields & 1U) != 0) copy = patched(copy, 8, size, 4);
                if ((fields & 2U) != 0) copy = patched(copy, 12, size, 4);
                read_all(copy, content, seen);
              }
            for (const std::uint64_t count : {std::uint64_t{1000}, std::uint64_t{1} << 30U, std::uint64_t{1} << 60U,
                                              (std::uint64_t{1} << 63U) - 1}) {
              read_all(patched(file, 16, count, 8), content, seen);
              read_all(patched(file, 24, count, 8), content, seen);
              read_all(patched(patched(file, 16, count, 8), 24, 0, 8), content, seen);
            }
            if (described)
              for (const std::size_t at : {44U, 48U, 52U})
                for (const std::uint64_t size : {std::uint64_t{1} << 24U, std::uint64_t{0xffffffff}})
                  read_all(patched(file, at, size, 4), content, seen);
            return seen.refused > 10 ? 0 : 1;
          }) == 0);
  }
}

TEST_CASE("chunks that claim gigabytes cost no memory") {
  for (const auto& file : small_files()) {
    const auto in = test::reader_of(file);
    const auto begin = static_cast<std::size_t>(in.chunks().begins()[0]);
    CHECK(in_bounded_child([&] {
            tally seen;
            for (const std::uint64_t size : {std::uint64_t{100'000'000}, std::uint64_t{0x7fffffef}})
              for (const std::uint64_t packed : {std::uint64_t{16}, std::uint64_t{200'000}, size, size + 16}) {
                bytes copy = patched(patched(file, 8, size, 4), begin + 4, size, 4);
                copy = patched(patched(copy, begin + 8, size, 4), begin + 12, packed, 4);
                read_all(copy, content, seen);
                read_all(patched(patched(copy, 16, 1, 8), 12, size, 4), content, seen);
              }
            return seen.read == 0 ? 0 : 1;
          }) == 0);
  }
}

TEST_CASE("wrong offsets in front of sound chunks are reported, and do no harm") {
  const bytes file = test::packed_file(content, {.chunk_size = content.size() / 5, .max_app_chunks = 3});
  const auto whole = test::reader_of(file);
  REQUIRE(whole.nchunks() > 3);
  const auto begins = whole.chunks().begins();
  const auto entry = [&](std::uint64_t i) {
    return static_cast<std::size_t>(whole.beginning().offsets_begin() + 8 * i);
  };
  const auto reported = [&](const bytes& changed, const std::string& message) {
    const auto in = test::reader_of(changed);
    test::collecting_sink to;
    in.unpack(to);
    CHECK(to.content == content);
    const auto damages = in.verify();
    REQUIRE(damages.size() == 1);
    CHECK(damages[0].message == message);
  };
  reported(patched(file, entry(2), begins[2] + 1, 8),
           fmt::format("offset 2 is {}, expected {}", begins[2] + 1, begins[2]));
  reported(patched(file, entry(2), ~std::uint64_t{0}, 8), fmt::format("offset 2 is -1, expected {}", begins[2]));
  reported(patched(file, entry(0), 0, 8), fmt::format("offset 0 is 0, expected {}", begins[0]));
  reported(patched(file, entry(whole.nchunks() + 1), 7, 8),
           fmt::format("offset {} is 7, expected -1", whole.nchunks() + 1));
  CHECK(whole.verify().empty());
}

TEST_CASE("metadata that nobody could have stored cost no memory") {
  mrcz::bloscpack::metadata_header h;
  h.meta_comp_size = h.max_meta_size = 1U << 27U;
  mrcz::bloscpack::beginning described;
  described.metadata = h;
  const bytes nothing;
  CHECK(test::message_of([&] { mrcz::bloscpack::read_metadata(mrcz::memory_source{std::span{nothing}}, described); }) ==
        "metadata have 134217728 bytes, expected at most 67108864");
}
