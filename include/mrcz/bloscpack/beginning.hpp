/// What precedes the offsets and the chunks of a bloscpack file: the header and the header of the metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/core/function_ref.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::bloscpack {

struct beginning {
  bloscpack::header header;
  std::optional<bloscpack::metadata_header> metadata;  ///< where the file has a metadata section

  std::uint64_t offsets_begin() const noexcept { return header_size + (metadata ? metadata->section_size() : 0); }

  /// Bytes of the offsets section, which is always there as a whole. Throws `errc::bad_header` if no file is that
  /// large.
  std::uint64_t offsets_size() const;

  std::uint64_t data_begin() const { return offsets_begin() + offsets_size(); }
};

/// Reads and checks both headers. `fill(span)` reads the next bytes of the file and returns how many there were.
MRCZ_INLINE beginning read_beginning(function_ref<std::size_t(std::span<std::byte>)> fill);

/// The beginning of a file. Throws `errc::truncated` also if the file ends within the metadata.
MRCZ_INLINE beginning beginning_of(const byte_source& source);

/// The metadata behind a beginning that has some; `source` has room for them. Throws `errc::bad_metadata`.
MRCZ_INLINE metadata read_metadata(const byte_source& source, const beginning& b);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/beginning.ipp"
#endif
