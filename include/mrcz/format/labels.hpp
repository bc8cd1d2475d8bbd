/// The ten labels of 80 characters at byte 224 (MRC2014, words 57 to 256).
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mrcz {

/// Labels in use come first and have no gaps. Text is kept as it was found, without trailing blanks and NULs.
class labels {
 public:
  static constexpr std::size_t capacity = 10;
  static constexpr std::size_t length = 80;

  auto begin() const noexcept { return text_.begin(); }
  auto end() const noexcept { return text_.end(); }
  std::size_t size() const noexcept { return text_.size(); }
  bool empty() const noexcept { return text_.empty(); }
  const std::string& operator[](std::size_t i) const { return text_.at(i); }

  /// Adds a label after the others. If all ten are in use, it replaces the last one, as IMOD does. Throws
  /// `errc::bad_option` for text that is blank, longer than 80 characters or not printable ASCII.
  void add(std::string_view text);

  /// Adds a label before the others. If all ten are in use, the last one is lost. Throws as `add` does.
  void add_first(std::string_view text);

  void clear() noexcept { text_.clear(); }

  friend bool operator==(const labels&, const labels&) = default;

  /// Takes the non-blank labels of a header, wherever they stand and whatever NLABL says.
  static labels decode(const char* from);

  /// Writes 800 characters, padded with blanks as the standard says.
  void encode(char* to) const noexcept;

  /// `text` without trailing white space and NULs.
  static constexpr std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank{" \t\r\n\v\f\0", 7};
    while (!text.empty() && blank.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    return text;
  }

 private:
  static void check(std::string_view label);

  std::vector<std::string> text_;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/labels.ipp"
#endif
