/// Definitions of `codec/packing.hpp`.
#pragma once

#include "mrcz/codec/packing.hpp"

#include "mrcz/codec/bzip2.hpp"
#include "mrcz/codec/xz.hpp"
#include "mrcz/codec/zlib.hpp"
#include "mrcz/codec/zstd.hpp"
#include "mrcz/core/error.hpp"

namespace mrcz::detail {

/// The bytes with which a packed file begins.
struct packing_signature {
  std::string_view bytes;
  packing how;
};

inline constexpr packing_signature packing_signatures[]{{{"\x1f\x8b\x08", 3}, packing::gzip},
                                                        {{"\x28\xb5\x2f\xfd", 4}, packing::zstd},
                                                        {{"BZh", 3}, packing::bzip2},
                                                        {{"\xfd\x37zXZ\0", 6}, packing::xz}};

/// Whether the bytes begin a frame that zstd skips, which may stand before the others: 16 numbers of 4 bytes.
MRCZ_INLINE bool is_skippable_frame(std::string_view bytes) noexcept {
  return bytes.size() >= 4 && (static_cast<unsigned char>(bytes[0]) & 0xf0U) == 0x50U &&
         bytes.substr(1, 3) == "\x2a\x4d\x18";
}

MRCZ_INLINE packing packing_of(std::span<const std::byte> beginning) noexcept {
  const std::string_view bytes{reinterpret_cast<const char*>(beginning.data()), beginning.size()};
  for (const auto& known : packing_signatures)
    if (bytes.starts_with(known.bytes)) return known.how;
  return is_skippable_frame(bytes) ? packing::zstd : packing::none;
}

inline namespace MRCZ_CODECS {

MRCZ_INLINE std::unique_ptr<stream_decoder> decoder_for(packing how) {
  auto decoder = how == packing::gzip    ? make_gzip_decoder()
                 : how == packing::zstd  ? make_zstd_decoder()
                 : how == packing::bzip2 ? make_bzip2_decoder()
                                         : make_xz_decoder();
  if (decoder) return decoder;
  const char* const missing = how == packing::zstd    ? "zstd (it has MRCZ_ONLY_BLOSC)"
                              : how == packing::bzip2 ? "libbz2 (it lacks MRCZ_BZIP2)"
                                                      : "liblzma (it lacks MRCZ_XZ)";
  fail(errc::codec_unavailable,
       {.found = text("is packed by {}, but mrcz was compiled without {}", name_of(how), missing),
        .remark = text("unpack it first, for instance with {} -d", name_of(how))});
}

}  // namespace MRCZ_CODECS

}  // namespace mrcz::detail
