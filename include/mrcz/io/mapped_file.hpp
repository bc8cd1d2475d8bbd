/// A whole file mapped into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Opens in the same time whatever the size; each page is read when it is first touched. A 32-bit program refuses files
/// for which it has too few addresses: `errc::too_large`. If another program shortens the file meanwhile, touching the
/// missing part ends this program (SIGBUS): map only files that nobody is changing.
class mapped_file final : public byte_source {
 public:
  /// Opens and maps the whole file. Throws the system's error.
  explicit mapped_file(const std::filesystem::path& path);

  ~mapped_file() override;

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  std::span<const std::byte> in_memory() const noexcept override { return {data_, size_}; }
  std::string name() const override { return path_.string(); }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/mapped_file.ipp"
#endif
