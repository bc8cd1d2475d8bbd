/// Definitions of `read_header.hpp`.
#pragma once

#include "mrcz/read_header.hpp"

#include <cstddef>

#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/file.hpp"

namespace mrcz {

namespace detail {

MRCZ_INLINE header load_header(const byte_source& source, std::optional<std::endian> order) {
  if (source.size() < header_size)
    fail_expected(errc::not_mrc, text("is not an MRC file: it has {} bytes", source.size()),
                  text("at least {}", header_size));
  header_bytes bytes;
  source.read_at(0, bytes);
  auto h = decode(bytes, source.size(), order);
  check(h);
  return h;
}

MRCZ_INLINE extended_header load_extended_header(const byte_source& source, const header& h) {
  const std::size_t size = size_in_memory(data_offset(source.size(), h) - header_size, "an extended header");
  extended_header found{h.exttyp, std::vector<std::byte>(size)};
  source.read_at(header_size, found.bytes);
  return found;
}

}  // namespace detail

MRCZ_INLINE file_header read_header(const std::filesystem::path& path) {
  return detail::with_context(path.string(), [&] {
    const file_source source{path};
    const auto header = detail::load_header(source);
    return file_header{header, detail::load_extended_header(source, header)};
  });
}

}  // namespace mrcz
