/// Reading, writing and checking labels.
#pragma once

#include "mrcz/format/labels.hpp"

#include <cstring>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE void labels::add(std::string_view text) {
  check(text);
  if (text_.size() == capacity) text_.pop_back();
  text_.emplace_back(trimmed(text));
}

MRCZ_INLINE void labels::add_first(std::string_view text) {
  check(text);
  if (text_.size() == capacity) text_.pop_back();
  text_.insert(text_.begin(), std::string{trimmed(text)});
}

MRCZ_INLINE labels labels::decode(const char* from) {
  labels found;
  for (std::size_t i = 0; i < capacity; ++i) {
    const std::string_view text = trimmed({from + i * length, length});
    if (!text.empty()) found.text_.emplace_back(text);
  }
  return found;
}

MRCZ_INLINE void labels::encode(char* to) const noexcept {
  std::memset(to, ' ', capacity * length);
  for (std::size_t i = 0; i < text_.size(); ++i) text_[i].copy(to + i * length, length);
}

MRCZ_INLINE void labels::check(std::string_view label) {
  if (label.size() > length)
    detail::fail_expected(errc::bad_option, detail::text("label has {} characters", label.size()),
                          detail::text("at most {}", length));
  if (trimmed(label).empty()) detail::fail(errc::bad_option, "label is blank");
  for (const char c : label)
    if (c < ' ' || c > '~') detail::fail(errc::bad_option, "label has a character that is not printable ASCII");
}

}  // namespace mrcz
