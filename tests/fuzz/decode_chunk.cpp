// Feeds the same bytes to c-blosc and to the library's own decoder of chunks, and demands the same bytes or two
// refusals.
//
// An input is 8 bytes that say what is asked, and a chunk:
//   0     bit 0: the sizes in the chunk's header are set right, so that changes of its length lead somewhere
//   1-3   how many bytes the chunk is expected to hold, modulo one more than `most_bytes`
//   4-5   the first byte of a part of them, 6-7 the number of bytes of that part; both modulo what there is
//
// tests/codec/oracle.hpp lists what may differ. c-blosc decompresses parts of chunks of other codecs, and parts of
// chunks whose blocks share bytes may then differ from the whole.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "mrcz/codec/chunk_reader.hpp"
#include "mrcz/core/endian.hpp"
#include "tests/codec/oracle.hpp"
#include "tests/guarded.hpp"

namespace {

using bytes = std::vector<std::byte>;
using mrcz::detail::chunk_header;

constexpr std::size_t question_bytes = 8;
constexpr std::size_t most_bytes = 65'536;

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

/// Memory directly before a page that cannot be accessed, because sanitizers do not see what codecs do.
template <int>
std::span<std::byte> guarded_bytes(std::size_t size) {
  static std::optional<test::guarded> memory;
  static std::size_t capacity = 0;
  if (size > capacity) memory.emplace(capacity = std::max(size, 2 * most_bytes));
  return memory ? memory->span().last(size) : std::span<std::byte>{};
}

std::uint32_t number_at(std::span<const std::byte> chunk, std::size_t at) {
  return mrcz::detail::load<std::uint32_t>(chunk.data() + at, std::endian::little);
}

/// Reads [first, first + count) of a chunk in pieces, and again from the back, by both functions of the reader.
void check_part(std::span<const std::byte> chunk, std::size_t expected, std::size_t first, std::size_t count,
                std::span<const std::byte> whole, bool whole_is_good, bool own_decoder, bool from_memory) {
  const auto read_chunk = [&](std::uint64_t offset, std::span<std::byte> into) {
    demand(offset <= chunk.size() && into.size() <= chunk.size() - offset, "reads are inside the chunk");
    if (!into.empty()) std::memcpy(into.data(), chunk.data() + offset, into.size());
  };
  const mrcz::detail::chunk_source source =
      from_memory ? mrcz::detail::chunk_source{chunk} : mrcz::detail::chunk_source{read_chunk};
  static mrcz::detail::unpack_memory memory;
  std::optional<mrcz::detail::chunk_reader> reader;
  const bool opened = test::succeeds(
      [&] { reader.emplace(source, chunk.size(), expected, mrcz::detail::byte_range{first, first + count}, memory); });
  demand(opened || !whole_is_good, "a chunk that decompresses can be opened");
  if (!opened) return;

  std::vector<std::optional<bytes>> before(4);
  for (const bool backwards : {false, true})
    for (std::size_t step = 0; step < 4; ++step) {
      const std::size_t piece = backwards ? 3 - step : step;
      const std::size_t begin = first + count * piece / 4;
      const std::size_t size = first + count * (piece + 1) / 4 - begin;
      bytes found;
      const bool good = test::succeeds([&] {
        if (backwards) {
          const auto part = reader->bytes(begin, size);
          found.assign(part.begin(), part.end());
        } else {
          const auto into = guarded_bytes<2>(size);
          reader->read(begin, into);
          found.assign(into.begin(), into.end());
        }
      });
      demand(!good || found.size() == size, "a part has the size that was asked for");
      demand(good || !whole_is_good, "a part of a chunk that decompresses can be read");
      if (whole_is_good)
        demand(std::ranges::equal(found, whole.subspan(begin, size)), "a part is the part of the whole");
      const auto result = good ? std::optional{found} : std::nullopt;
      if (backwards)
        demand(before[piece] == result || !(own_decoder || whole_is_good),
               "a part does not depend on what was read before");
      else before[piece] = result;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < question_bytes) return -1;
  const auto input = std::as_bytes(std::span{data, size});
  const std::size_t expected = (number_at(input, 0) >> 8U) % (most_bytes + 1);
  const auto chunk = guarded_bytes<0>(size - question_bytes);
  std::ranges::copy(input.subspan(question_bytes), chunk.begin());
  if ((data[0] & 1U) != 0 && chunk.size() >= chunk_header::size) {
    chunk[0] = std::byte{2};
    chunk[1] = std::byte{1};
    mrcz::detail::store(chunk.data() + 4, static_cast<std::uint32_t>(expected), std::endian::little);
    mrcz::detail::store(chunk.data() + 12, static_cast<std::uint32_t>(chunk.size()), std::endian::little);
  }

  static mrcz::detail::unpack_memory memory;
  const auto whole = guarded_bytes<1>(expected);
  const auto verdict = test::compare_with_blosc(chunk, whole, guarded_bytes<3>(expected), memory);
  demand(verdict != test::verdict::wrong, "we decompress what c-blosc decompresses, to the same bytes");

  const auto places = test::places_of(chunk, expected);
  if (places && expected > 0) {
    const std::size_t first = (number_at(input, 4) & 0xffffU) % expected;
    const std::size_t count = (number_at(input, 4) >> 16U) % (expected - first + 1);
    const bool own_decoder = mrcz::detail::has_own_decoder(chunk_header::decode(chunk.first<chunk_header::size>()));
    const bool whole_is_good =
        verdict == test::verdict::same_bytes && (own_decoder || !test::blocks_share_bytes(chunk, *places));
    for (const bool from_memory : {false, true})
      check_part(chunk, expected, first, count, whole, whole_is_good, own_decoder, from_memory);
  }
  return 0;
}
