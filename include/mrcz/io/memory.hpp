/// A source and a sink in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Bytes in memory. A source that is made from a vector owns them. Otherwise they belong to the caller, who keeps them
/// unchanged while the source lives.
class memory_source final : public byte_source {
 public:
  /// Refers to bytes of the caller.
  explicit memory_source(std::span<const std::byte> content, std::string name = "memory")
      : content_{content}, name_{std::move(name)} {}
  /// Owns the bytes.
  explicit memory_source(std::vector<std::byte>&& content, std::string name = "memory")
      : owned_{std::move(content)}, content_{owned_}, name_{std::move(name)} {}

  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  std::span<const std::byte> in_memory() const noexcept override { return content_; }
  std::string name() const override { return name_; }

 private:
  std::vector<std::byte> owned_;
  std::span<const std::byte> content_;
  std::string name_;
};

/// Collects bytes, and moves them into a vector of the caller in `publish()`. The vector must outlive the sink.
class memory_sink final : public byte_sink {
 public:
  /// `destination` gets the bytes when they are published.
  explicit memory_sink(std::vector<std::byte>& destination, std::string name = "memory")
      : destination_{&destination}, name_{std::move(name)} {}

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override;
  void publish() override;
  std::string name() const override { return name_; }

 private:
  std::vector<std::byte> content_;
  std::vector<std::byte>* destination_;
  std::string name_;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/memory.ipp"
#endif
