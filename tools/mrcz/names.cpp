#include "names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace {

constexpr std::array<std::string_view, 8> plain{".mrc", ".mrcs", ".map", ".ccp4", ".rec", ".st", ".ali", ".preali"};
constexpr std::array<std::string_view, 4> packed{".gz", ".zst", ".bz2", ".xz"};
constexpr std::string_view mrcz = ".mrcz";
constexpr std::array<std::string_view, 14> other{".tif", ".tiff", ".png", ".jpg", ".jpeg", ".dm3", ".dm4",
                                                 ".eer", ".ser",  ".emd", ".spi", ".h5",   ".hdf", ".npy"};

/// In letters of either case.
bool ends_with(std::string_view name, std::string_view extension) {
  if (name.size() <= extension.size()) return false;
  const auto end = name.substr(name.size() - extension.size());
  return std::equal(end.begin(), end.end(), extension.begin(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  });
}

template <class Extensions>
bool ends_with_any(std::string_view name, const Extensions& extensions) {
  return std::ranges::any_of(extensions, [&](std::string_view one) { return ends_with(name, one); });
}

/// The name without the extension of the program that packed the file.
std::string_view unpacked(std::string_view name) {
  for (const auto extension : packed)
    if (ends_with(name, extension)) return name.substr(0, name.size() - extension.size());
  return name;
}

}  // namespace

std::string names::compressed(const std::string& name) {
  auto rest = unpacked(name);
  if (ends_with(rest, ".mrc")) rest.remove_suffix(4);
  return std::string{rest} + ".mrcz";
}

std::optional<std::string> names::decompressed(const std::string& name) {
  auto rest = unpacked(name);
  if (ends_with(rest, mrcz)) rest.remove_suffix(mrcz.size());
  if (rest.size() == name.size()) return std::nullopt;
  return std::string{rest} + (ends_with_any(rest, plain) ? "" : ".mrc");
}

bool names::is_plain(const std::string& name) { return ends_with_any(unpacked(name), plain); }

bool names::is_of_other_format(const std::string& name) { return ends_with_any(unpacked(name), other); }

bool names::is_png(const std::string& name) { return ends_with(name, ".png"); }

bool names::is_compressed(const std::string& name) { return ends_with(name, mrcz); }
