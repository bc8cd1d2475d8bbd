/// A whole file mapped into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>

#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

/// Opens at once whatever the size (a 32-bit program refuses what it has no addresses for: `errc::too_large`); pages
/// are read when they are touched. If another program shortens the file meanwhile, touching the missing part ends this
/// program (SIGBUS): map only files that nobody is changing.
class mapped_file final : public byte_source {
 public:
  explicit mapped_file(const std::filesystem::path& path) : path_{path} {
    const file opened{path, file::access::read};
    size_ = with_context(path_.string(), [&] { return size_in_memory(opened.size(), "the file"); });
    if (size_ == 0) return;  // an empty mapping is an error to the system, but an empty file is none to us
    data_ = detail::map_file(opened.handle(), size_);
    if (data_ == nullptr) fail_system(detail::last_error(), "cannot map", path_.string());
  }

  ~mapped_file() override {
    if (data_ != nullptr) detail::unmap(data_, size_);
  }

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (!into.empty()) std::memcpy(into.data(), data_ + offset, into.size());
  }
  std::span<const std::byte> in_memory() const noexcept override { return {data_, size_}; }
  std::string name() const override { return path_.string(); }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mrcz
