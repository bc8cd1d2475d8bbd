/// Metadata as JSON, in a section of the file (bloscpack format 3, "Metadata Section").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "mrcz/bloscpack/checksum.hpp"
#include "mrcz/bloscpack/header.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz::bloscpack {

/// Any JSON; its members keep their order. Null: the file has no metadata.
using metadata = nlohmann::ordered_json;

/// The values are those in the file.
enum class metadata_codec : std::uint8_t { none, zlib };

/// The name that bloscpack prints.
constexpr std::string_view name_of(metadata_codec c) noexcept { return c == metadata_codec::none ? "None" : "zlib"; }

/// How metadata are stored.
struct metadata_options {
  std::optional<bloscpack::checksum> checksum = std::nullopt;  ///< not stated: adler32
  std::optional<int> level = std::nullopt;  ///< of zlib, 1 to 9; not stated: 6. Metadata that zlib makes larger are
                                            ///< stored uncompressed
  std::optional<std::uint32_t> max_meta_size =
      std::nullopt;         ///< bytes reserved for these metadata and later ones; not stated: 10 times the JSON
  bool no_reserve = false;  ///< reserves nothing for later metadata
};
static_assert(std::is_trivially_destructible_v<metadata_options>, "options are used inside co_await (g++ 12)");

inline constexpr std::size_t metadata_header_size = 32;  ///< bytes

/// The header of the metadata section (bloscpack format 3, "Metadata").
struct metadata_header {
  std::array<char, 8> magic_format{'J', 'S', 'O', 'N'};              ///< offset 0: padded with NULs
  std::uint8_t meta_options = 0;                                     ///< offset 8: no meaning yet
  bloscpack::checksum meta_checksum = bloscpack::checksum::adler32;  ///< offset 9: of the stored bytes
  metadata_codec meta_codec = metadata_codec::zlib;                  ///< offset 10
  std::uint8_t meta_level = 6;                                       ///< offset 11: no meaning if not compressed
  std::uint32_t meta_size = 0;                                       ///< offset 12: of the JSON
  std::uint32_t max_meta_size = 0;                                   ///< offset 16: reserved, in bytes
  std::uint32_t meta_comp_size = 0;                                  ///< offset 20: stored, in bytes
  std::array<char, 8> user_codec{};                                  ///< offset 24: no meaning yet

  /// Bytes of the whole section: this header, the reserved space, the digest.
  std::uint64_t section_size() const noexcept {
    return metadata_header_size + std::uint64_t{max_meta_size} + digest_size(meta_checksum);
  }
};

/// The 32 bytes of a metadata header.
MRCZ_INLINE std::array<std::byte, metadata_header_size> encode(const metadata_header& h) noexcept;

/// Throws `errc::bad_metadata` or `errc::bad_header` if the section cannot be skipped, or if its header shows that it
/// cannot be read.
MRCZ_INLINE metadata_header decode_metadata_header(std::span<const std::byte, metadata_header_size> from);

/// Compact JSON in ASCII, which is what a file holds before compression. Throws `errc::bad_metadata` for values that
/// JSON cannot express.
MRCZ_INLINE std::string to_text(const metadata& values);

/// Parses any JSON text, for instance from a file that a user wrote. Throws `errc::bad_metadata`.
MRCZ_INLINE metadata parse_metadata(std::string_view text);

/// A section as it is written: its header, the stored bytes, the rest of the reserved space, and their digest.
MRCZ_INLINE std::vector<std::byte> encode_metadata(const metadata& values, const metadata_options& options = {});

namespace detail {

/// Throws `errc::bad_option` for an illegal value.
MRCZ_INLINE void check(const metadata_options& wanted);

/// Throws `errc::bad_metadata` for metadata that are larger than `max_metadata_bytes`. Call it before memory is
/// allocated for them.
MRCZ_INLINE void require_bounded(const metadata_header& h);

}  // namespace detail

/// The metadata in `stored`, the `meta_comp_size` bytes after the header. Throws `errc::bad_metadata`.
MRCZ_INLINE metadata decode_metadata(const metadata_header& h, std::span<const std::byte> stored,
                                     const digest& expected);

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/metadata.ipp"
#endif
