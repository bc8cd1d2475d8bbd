/// Reading from memory and writing to it.
#pragma once

#include "mrcz/io/memory.hpp"

#include <algorithm>
#include <cstring>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"

namespace mrcz {

MRCZ_INLINE void memory_source::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > content_.size() || into.size() > content_.size() - offset)
    detail::fail(errc::truncated, {.path = name_,
                                   .found = detail::text("ends at byte {}, but {} bytes at byte {} were asked for",
                                                         content_.size(), into.size(), offset)});
  if (!into.empty()) std::memcpy(into.data(), content_.data() + offset, into.size());
}

MRCZ_INLINE void memory_sink::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  if (offset > content_.max_size() - from.size())
    detail::fail(
        errc::too_large,
        {.path = name_, .found = detail::text("{} bytes at byte {} do not fit into memory", from.size(), offset)});
  const auto first = static_cast<std::size_t>(offset);
  if (content_.size() < first + from.size()) content_.resize(first + from.size());
  std::copy(from.begin(), from.end(), content_.begin() + static_cast<std::ptrdiff_t>(first));
}

MRCZ_INLINE void memory_sink::publish() { *destination_ = std::move(content_); }

}  // namespace mrcz
