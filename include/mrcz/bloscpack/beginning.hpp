/// The beginning of a bloscpack file, before the offsets and the chunks: the header and the header of the metadata.
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

/// Everything before the offsets of a file.
struct beginning {
  bloscpack::header header;                                  ///< the first 32 bytes
  std::optional<bloscpack::metadata_header> metadata;        ///< set if the file has a metadata section
  std::optional<std::uint64_t> first_offset = std::nullopt;  ///< what the file says, if that has been read

  /// Where the offsets section begins, if there is one.
  std::uint64_t offsets_begin() const noexcept { return header_size + (metadata ? metadata->section_size() : 0); }

  /// Bytes of the offsets section, including the entries of chunks that can still be appended; 0 without offsets.
  /// Throws `errc::bad_header` if no file can be that large.
  std::uint64_t offsets_size() const;

  /// Where the first chunk normally begins. Throws as `offsets_size`.
  std::uint64_t data_begin() const { return offsets_begin() + offsets_size(); }
};

/// Reads and checks both headers. `fill(span)` reads the next bytes of the file and returns how many there were.
MRCZ_INLINE beginning read_beginning(detail::function_ref<std::size_t(std::span<std::byte>)> fill);

/// Reads the beginning of a file. Also throws `errc::truncated` if the file ends within the metadata.
MRCZ_INLINE beginning beginning_of(const byte_source& source);

/// Reads the metadata. Requires `b.metadata` and a source that contains the whole section. Throws `errc::bad_metadata`.
MRCZ_INLINE metadata read_metadata(const byte_source& source, const beginning& b);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/beginning.ipp"
#endif
