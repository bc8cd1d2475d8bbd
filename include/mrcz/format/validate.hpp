/// Finds what is wrong with a header by the rules of MRC2014 and MRCZ. This part of validation needs only the first
/// 1024 bytes and the size of the file.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrcz/codec/codec.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/header_bytes.hpp"

namespace mrcz {

/// How bad a finding is.
enum class severity : std::uint8_t {
  warning,  ///< allowed or harmless, but a problem for some other programs
  error,    ///< breaks a rule of the standard
};

/// "warning" or "error".
constexpr std::string_view name_of(severity s) noexcept { return s == severity::error ? "error" : "warning"; }

/// One thing that is wrong with a file.
struct finding {
  mrcz::severity severity;  ///< a warning or an error
  std::string field;        ///< the header field by its standard name, or "extended header", "file size", "slice 3"
  std::uint64_t offset;     ///< byte in the file
  std::string found;        ///< what is there
  std::string expected;     ///< what should be there
};

/// One line: severity, field, byte, what was found and what was expected.
MRCZ_INLINE std::string to_string(const finding& f);

namespace detail {

/// Collects the findings of all rules.
class findings {
 public:
  void error_if(bool broken, std::string field, std::uint64_t offset, std::string found, std::string expected);
  void warn_if(bool odd, std::string field, std::uint64_t offset, std::string found, std::string expected);
  std::vector<finding> take() && { return std::move(list_); }
  void add(std::vector<finding>&& more);

 private:
  std::vector<finding> list_;
};

/// The text in quotes. What is not printable ASCII becomes the form \x1b.
MRCZ_INLINE std::string printable(std::string_view text);

/// Reports a change in place that has not ended: the file may hold old and new bytes.
MRCZ_INLINE void validate_undo_record(const std::filesystem::path& path, findings& list);

/// The rules about a header that need no more of the file than what opening it reads: where the slices begin, and the
/// codec of the first one.
MRCZ_INLINE void validate_opened(const header& h, std::uint64_t begin, codec in_use, findings& list);

}  // namespace detail

/// All findings about the header of a file of `file_size` bytes, in the order of the rules; empty if it follows the
/// standard. No content of the bytes makes this function throw. `order` overrides the byte order that the header seems
/// to have.
MRCZ_INLINE std::vector<finding> validate_header(const header_bytes& bytes, std::uint64_t file_size,
                                                 std::optional<std::endian> order = std::nullopt);

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/validate.ipp"
#endif
