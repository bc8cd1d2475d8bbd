/// Definitions of `format/labels.hpp`.
#pragma once

#include "mrcz/format/labels.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE std::size_t labels::size() const noexcept {
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

MRCZ_INLINE std::optional<std::size_t> labels::next_free() const noexcept {
  for (std::size_t i = 0; i < capacity; ++i)
    if ((*this)[i].empty()) return i;
  return std::nullopt;
}

MRCZ_INLINE void labels::add(std::string_view text) {
  check(text);
  const auto free = next_free();
  if (!free) detail::fail(errc::too_large, "label has no place: all ten are in use");
  replace(*free, text);
}

MRCZ_INLINE void labels::add_or_overwrite_last(std::string_view text) {
  replace(next_free().value_or(capacity - 1), text);
}

MRCZ_INLINE void labels::add_first(std::string_view text) {
  check(text);
  auto* const free = fields_.data() + next_free().value_or(capacity - 1);
  std::rotate(fields_.data(), free, free + 1);
  replace(0, text);
}

MRCZ_INLINE void labels::replace(std::size_t i, std::string_view text) {
  check(text);
  fields_.at(i).fill(' ');
  trimmed(text).copy(fields_[i].data(), length);
}

MRCZ_INLINE void labels::erase(std::size_t i) {
  fields_.at(i).fill(' ');
  std::rotate(fields_.begin() + static_cast<std::ptrdiff_t>(i), fields_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
              fields_.end());
}

MRCZ_INLINE void labels::close_gaps() noexcept {
  std::size_t free = 0;
  for (std::size_t i = 0; i < capacity; ++i)
    if (!(*this)[i].empty()) std::swap(fields_[free++], fields_[i]);
}

MRCZ_INLINE labels labels::decode(const char* from) noexcept {
  labels found;
  std::memcpy(found.fields_.data(), from, capacity * length);
  return found;
}

MRCZ_INLINE void labels::encode(char* to) const noexcept { std::memcpy(to, fields_.data(), capacity * length); }

MRCZ_INLINE void labels::check(std::string_view label) {
  if (label.size() > length)
    detail::fail_expected(errc::bad_option, detail::text("label has {} characters", label.size()),
                          detail::text("at most {}", length));
  if (trimmed(label).empty()) detail::fail(errc::bad_option, "label is blank");
  for (const char c : label)
    if (c < ' ' || c > '~') detail::fail(errc::bad_option, "label has a character that is not printable ASCII");
}

}  // namespace mrcz
