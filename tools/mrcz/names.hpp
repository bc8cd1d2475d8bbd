/// The names of the files that `compress` and `decompress` find and write.
#pragma once

#include <optional>
#include <string>

namespace names {

/// a.mrc becomes a.mrcz, a.mrcs becomes a.mrcs.mrcz, a.map.gz becomes a.map.mrcz.
std::string compressed(const std::string& name);

/// Takes .mrcz away, and adds .mrc where no extension of MRC files is left: a.mrcz becomes a.mrc, a.mrcs.mrcz becomes
/// a.mrcs. Also takes .gz and .zst away. Nothing if the name has none of these.
std::optional<std::string> decompressed(const std::string& name);

/// Whether a file in a folder is one to compress: .mrc, .mrcs, .map, .ccp4, .rec, .st, .ali, .preali, also packed.
bool is_plain(const std::string& name);

/// Whether a file in a folder is one to decompress: .mrcz.
bool is_compressed(const std::string& name);

/// Whether the extension promises a format of images that is not MRC: .tif, .png, .dm4 and so on, also packed.
bool is_of_other_format(const std::string& name);

bool is_png(const std::string& name);

}  // namespace names
