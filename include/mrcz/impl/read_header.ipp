/// Definitions of `read_header.hpp`.
#pragma once

#include "mrcz/read_header.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/other_format.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/open_file.hpp"

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

MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h) {
  const std::size_t size = size_in_memory(data_offset(source.size(), h) - header_size, "an extended header");
  extended_header found{h.exttyp,
                        std::vector<std::byte>(size),
                        static_cast<std::size_t>(h.nz),
                        h.from_deltavision() ? std::int16_t{-1} : h.nint,
                        h.from_deltavision() ? std::int16_t{-1} : h.nreal,
                        h.byte_order};
  source.read_at(header_size, found.bytes);
  return found;
}

MRCZ_INLINE file_header load_headers(std::unique_ptr<const byte_source> source) {
  const std::string name = source->name();
  return with_context(name, [&] {
    const auto opened = open_headers(std::move(source));
    return file_header{opened.header, load_extended_header(*opened.source, opened.header)};
  });
}

}  // namespace detail

MRCZ_INLINE file_header read_header(const std::filesystem::path& path) {
  return detail::load_headers(std::make_unique<file_source>(path));
}

}  // namespace mrcz
