/// Opens what may be an MRC or MRCZ file: plain, packed by gzip, zstd, bzip2 or xz, in a bloscpack file, or from a
/// pipe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "mrcz/codec/packing.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::detail {

/// What is unpacked or comes from a pipe is kept in memory up to this size.
inline constexpr std::uint64_t default_spool_bytes = std::uint64_t{256} << 20U;

/// The part of `read_options` that opening needs.
struct open_options {
  std::optional<std::endian> byte_order = std::nullopt;
  std::uint64_t spool_bytes = default_spool_bytes;
  bool incomplete = false;
  const std::stop_token* stop = nullptr;
};

/// The bytes of an MRC or MRCZ file, and its checked header.
struct opened_file {
  std::unique_ptr<const byte_source> source;
  mrcz::header header;
  mrcz::packing packing = packing::none;  ///< of the file around it
  bool only_headers = false;              ///< the voxels cannot be read
};

/// The most bytes that belong to a file with this header. Those of an uncompressed file are exact. A chunk has at most
/// 16 bytes more than its slice.
MRCZ_INLINE std::uint64_t most_bytes(const header& h) noexcept;

/// Opens a file. A plain one is returned as it is; this reads its first 1024 bytes. What is packed is unpacked once,
/// from front to back, into a `spool`. It may have a MiB more than its header says: what is longer is refused there,
/// with `errc::too_large`. Throws what `load_header`, `unpacked_stream` and `spool` throw. Messages name the source.
MRCZ_INLINE opened_file open_file(std::unique_ptr<const byte_source> source, const open_options& options = {});

/// As above. A pipe is read to its end, and has no more than a packed file.
MRCZ_INLINE opened_file open_file(sequential_source& from, const open_options& options = {});

/// A source that is packed, unpacked as above; any other source as it is. Unless it unpacks, it does not look at the
/// header.
MRCZ_INLINE std::unique_ptr<const byte_source> unpacked(std::unique_ptr<const byte_source> source,
                                                        const open_options& options = {});

/// As above, but reads header and extended header at once if they are no longer than 4096 bytes, and of a packed,
/// uncompressed MRC file only the header and the extended header are unpacked. The source has the size that the header
/// says, and throws `errc::out_of_range` where voxels are read. It takes for granted that an extended header is there
/// if NSYMBT says so, which only the size of the whole file shows.
MRCZ_INLINE opened_file open_headers(std::unique_ptr<const byte_source> source, const open_options& options = {});

/// The name of the program that packed a file, which may be bloscpack; empty for a plain file. Reads at most 1024
/// bytes.
MRCZ_INLINE std::string_view packing_around(const byte_source& source);

/// Throws `errc::bad_option` if a file is packed, or bloscpack's: it cannot be changed in place. `what` is the call
/// that would change it.
MRCZ_INLINE void require_plain(const byte_source& source, std::string_view what);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/open_file.ipp"
#endif
