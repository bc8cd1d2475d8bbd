/// Definitions of `format/header_fields.hpp`.
#pragma once

#include "mrcz/format/header_fields.hpp"

#include <algorithm>

namespace mrcz {

MRCZ_INLINE void header_labels::add(std::string_view text) {
  const std::size_t free = text_.next_free().value_or(labels::capacity);
  text_.add(text);  // throws if none is free
  stated_.at(free) = true;
}

MRCZ_INLINE void header_labels::add_or_overwrite_last(std::string_view text) {
  replace(text_.next_free().value_or(labels::capacity - 1), text);
}

MRCZ_INLINE void header_labels::replace(std::size_t i, std::string_view text) {
  text_.replace(i, text);
  stated_[i] = true;
}

MRCZ_INLINE void header_labels::erase(std::size_t i) {
  text_.erase(i);
  std::copy(stated_.begin() + static_cast<std::ptrdiff_t>(i) + 1, stated_.end(),
            stated_.begin() + static_cast<std::ptrdiff_t>(i));
  stated_.back() = false;
}

MRCZ_INLINE header_labels& header_labels::operator=(const labels& all) {
  text_ = all;
  for (std::size_t i = 0; i < labels::capacity; ++i) stated_[i] = !all[i].empty();
  return *this;
}

MRCZ_INLINE void header_labels::copy(const labels& all) noexcept {
  text_ = all;
  stated_.fill(false);
}

MRCZ_INLINE header_fields::header_fields() { copy(header{}); }

MRCZ_INLINE header_fields& header_fields::operator=(const header& source) {
  voxel_size_.reset();
  copied_ = source.nx != 0 || source.ny != 0 || source.nz != 0;
  if (copied_) {
    copy(source);
    return *this;
  }
  copy(header{});
  const auto state = [](const detail::field_place&, auto& field, const auto& value) {
    if (field.value() != value) field = value;
  };
  detail::for_each_number(state, *this, source);
  detail::for_each_text(state, *this, source);
  labels = source.labels;
  if (byte_order != source.byte_order) byte_order = source.byte_order;
  return *this;
}

MRCZ_INLINE header_fields& header_fields::operator=(const header_fields& source) {
  const auto take = [](const detail::field_place&, auto& field, const auto& other) { field.copy(other); };
  detail::for_each_number(take, *this, source);
  detail::for_each_text(take, *this, source);
  labels = source.labels;
  byte_order.copy(source.byte_order);
  voxel_size_ = source.voxel_size_;
  copied_ = source.copied_;
  return *this;
}

MRCZ_INLINE void header_fields::copy(const header& source) {
  const auto take = [](const detail::field_place&, auto& field, const auto& value) { field.copy(value); };
  detail::for_each_number(take, *this, source);
  detail::for_each_text(take, *this, source);
  labels.copy(source.labels);
  byte_order.copy(source.byte_order);
}

MRCZ_INLINE header_fields::operator header() const noexcept {
  header all;
  const auto give = [](const detail::field_place&, const auto& field, auto& value) { value = field.value(); };
  detail::for_each_number(give, *this, all);
  detail::for_each_text(give, *this, all);
  all.labels = labels.value();
  all.byte_order = byte_order;
  return all;
}

}  // namespace mrcz
