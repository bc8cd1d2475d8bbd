/// Definitions of `read_header.hpp`.
#pragma once

#include "mrcz/read_header.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/other_format.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/file.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE header header_of(std::span<const std::byte> beginning, std::uint64_t file_size,
                             std::optional<std::endian> order) {
  header_bytes bytes{};
  std::copy(beginning.begin(), beginning.end(), bytes.begin());
  const auto h = decode(bytes, file_size, order);
  if (file_size < header_size || (!has_map(h) && !makes_sense(h)))
    if (const auto other = recognise(beginning, file_size))
      fail(errc::not_mrc, {.found = "is not an MRC file but " + other->what, .remark = other->remedy});
  if (file_size < header_size)
    fail_expected(errc::not_mrc, text("is not an MRC file: it has {} bytes", file_size),
                  text("at least {}", header_size));
  check(h);
  return h;
}

MRCZ_INLINE header load_header(const byte_source& source, std::optional<std::endian> order) {
  const std::uint64_t size = source.size();
  header_bytes bytes{};
  const auto beginning = std::span{bytes}.first(static_cast<std::size_t>(std::min<std::uint64_t>(size, header_size)));
  source.read_at(0, beginning);
  return header_of(beginning, size, order);
}

/// `known` are bytes after the header that have been read already.
MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h,
                                                 std::span<const std::byte> known) {
  const std::size_t size = size_in_memory(data_offset(source.size(), h) - header_size, "an extended header");
  extended_header found{h.exttyp,
                        std::vector<std::byte>(size),
                        static_cast<std::size_t>(h.nz),
                        h.from_deltavision() ? std::int16_t{-1} : h.nint,
                        h.from_deltavision() ? std::int16_t{-1} : h.nreal,
                        h.byte_order};
  const auto begin = known.first(std::min(known.size(), size));
  std::copy(begin.begin(), begin.end(), found.bytes.begin());
  if (begin.size() < size) source.read_at(header_size + begin.size(), std::span{found.bytes}.subspan(begin.size()));
  return found;
}

MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h) {
  return load_extended_header(source, h, {});
}

MRCZ_INLINE file_header load_file_header(const byte_source& source) {
  const std::uint64_t size = source.size();
  std::array<std::byte, first_bytes_read> bytes;
  const auto known = std::span{bytes}.first(static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size())));
  source.read_at(0, known);
  const std::size_t of_header = std::min(known.size(), header_size);
  const auto h = header_of(known.first(of_header), size);
  return {h, load_extended_header(source, h, known.subspan(of_header))};
}

}  // namespace detail

MRCZ_INLINE file_header read_header(const std::filesystem::path& path) {
  return detail::with_context(path.string(), [&] { return detail::load_file_header(file_source{path}); });
}

}  // namespace mrcz
