/// The ten labels of 80 characters at byte 224 (MRC2014, words 57 to 256).
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace mrcz {

/// Ten fields of 80 characters, as they stand in the file. A field without text is free.
class labels {
 public:
  static constexpr std::size_t capacity = 10;  ///< fields
  static constexpr std::size_t length = 80;    ///< characters of a field

  /// Ten blank fields.
  constexpr labels() noexcept {
    for (auto& field : fields_) field.fill(' ');
  }

  /// The text of field i, without trailing white space and NULs; empty if the field is free. i is less than 10.
  constexpr std::string_view operator[](std::size_t i) const { return trimmed(field(i)); }

  /// The 80 characters of field i.
  constexpr std::string_view field(std::size_t i) const { return {fields_.at(i).data(), length}; }

  /// Number of labels, which are the fields with text.
  std::size_t size() const noexcept;
  /// Whether no field has text.
  bool empty() const noexcept { return size() == 0; }

  /// The first free field, if there is one.
  std::optional<std::size_t> next_free() const noexcept;

  /// Writes a label into the first free field. Throws `errc::too_large` if all ten are in use, and `errc::bad_option`
  /// for text that is blank, longer than 80 characters or not printable ASCII.
  void add(std::string_view text);

  /// As `add`. If all ten fields are in use, the label overwrites the last one, as IMOD does.
  void add_or_overwrite_last(std::string_view text);

  /// Writes a label before the others. If all ten fields are in use, the last label is lost. Throws as `add` does for
  /// the text.
  void add_first(std::string_view text);

  /// Writes a label into field i, which may be in use. Throws as `add` does for the text.
  void replace(std::size_t i, std::string_view text);

  /// Erases the label of field i. The labels after it move up.
  void erase(std::size_t i);

  /// Moves the labels up to the first fields.
  void close_gaps() noexcept;

  /// Makes all fields blank.
  void clear() noexcept { *this = labels{}; }

  /// Goes through the labels in use.
  class iterator;
  iterator begin() const noexcept;  ///< the first label in use
  iterator end() const noexcept;    ///< behind the last one

  friend bool operator==(const labels&, const labels&) = default;

  /// Takes over 800 characters as they are.
  static labels decode(const char* from) noexcept;

  /// Writes the 800 characters.
  void encode(char* to) const noexcept;

  /// `text` without trailing white space and NULs.
  static constexpr std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank{" \t\r\n\v\f\0", 7};
    while (!text.empty() && blank.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
    return text;
  }

 private:
  static void check(std::string_view label);

  std::array<std::array<char, length>, capacity> fields_;
};

/// An input iterator over the texts of the labels in use.
class labels::iterator {
 public:
  /// As the standard requires of an iterator.
  /// @{
  using iterator_category = std::input_iterator_tag;
  using value_type = std::string_view;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = std::string_view;

  iterator() = default;

  std::string_view operator*() const { return (*all_)[field_]; }
  iterator& operator++() {
    do ++field_;
    while (field_ < capacity && (*all_)[field_].empty());
    return *this;
  }
  iterator operator++(int) {
    iterator before = *this;
    ++*this;
    return before;
  }
  /// @}
  friend bool operator==(const iterator&, const iterator&) = default;

 private:
  friend class labels;
  iterator(const labels& all, std::size_t field) noexcept : all_{&all}, field_{field} {}

  const labels* all_ = nullptr;
  std::size_t field_ = 0;
};

inline labels::iterator labels::begin() const noexcept {
  iterator first{*this, 0};
  if ((*this)[0].empty()) ++first;
  return first;
}

inline labels::iterator labels::end() const noexcept { return {*this, capacity}; }

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/labels.ipp"
#endif
