/// Mapping a file.
#pragma once

#include "mrcz/io/mapped_file.hpp"

#include <cstring>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

MRCZ_INLINE mapped_file::mapped_file(const std::filesystem::path& path) : path_{path} {
  const file opened{path, file::access::read};
  size_ = detail::with_context(path_.string(), [&] { return detail::size_in_memory(opened.size(), "the file"); });
  if (size_ == 0) return;  // the system refuses an empty mapping, but an empty file is no error here
  data_ = detail::map_file(opened.handle(), size_);
  if (data_ == nullptr) detail::fail_system(detail::last_error(), "cannot map", path_.string());
}

MRCZ_INLINE mapped_file::~mapped_file() {
  if (data_ != nullptr) detail::unmap(data_, size_);
}

MRCZ_INLINE void mapped_file::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (!into.empty()) std::memcpy(into.data(), data_ + offset, into.size());
}

}  // namespace mrcz
