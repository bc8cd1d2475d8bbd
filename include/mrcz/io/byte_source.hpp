/// The origin of what a reader reads: bytes at positions, without a cursor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace mrcz {

/// Derive from this to read from anything: an object store, a network, an archive. All members are const and may
/// be called from several threads at once.
class byte_source {
 public:
  byte_source() = default;
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;
  virtual ~byte_source() = default;

  /// Total number of bytes. Constant while the source lives, except in `refresh`.
  virtual std::uint64_t size() const = 0;

  /// Looks how many bytes there are by now, if they can become more. Nobody else may use the source at this time.
  virtual void refresh() const {}

  /// Fills `into` with the bytes at [offset, offset + into.size()), or throws. Callers stay within `size()`.
  virtual void read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;

  /// All bytes, if they lie in memory for as long as the source lives; otherwise empty.
  virtual std::span<const std::byte> in_memory() const noexcept { return {}; }

  /// The name of this source in messages: a path, for instance.
  virtual std::string name() const = 0;
};

namespace detail {

/// Reads from another source, and shares its ownership with other users.
class shared_source final : public byte_source {
 public:
  explicit shared_source(std::shared_ptr<const byte_source> source) : source_{std::move(source)} {}

  std::uint64_t size() const override { return source_->size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { source_->read_at(offset, into); }
  std::span<const std::byte> in_memory() const noexcept override { return source_->in_memory(); }
  std::string name() const override { return source_->name(); }

 private:
  std::shared_ptr<const byte_source> source_;
};

}  // namespace detail

}  // namespace mrcz
