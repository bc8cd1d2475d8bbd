/// What a reader reads from: bytes at positions, with no cursor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mrcz {

/// Derive from this to read from anything: an object store, a network, an archive. All members are const and may
/// be called from several threads at once.
class byte_source {
 public:
  byte_source() = default;
  byte_source(const byte_source&) = delete;
  byte_source& operator=(const byte_source&) = delete;
  virtual ~byte_source() = default;

  /// Total number of bytes. Constant while the source lives.
  virtual std::uint64_t size() const = 0;

  /// Fills `into` with the bytes at [offset, offset + into.size()), or throws. Callers stay within `size()`.
  virtual void read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;

  /// All bytes, if they lie in memory for as long as the source lives; otherwise empty.
  virtual std::span<const std::byte> in_memory() const noexcept { return {}; }

  /// What messages call this source: a path, for instance.
  virtual std::string name() const = 0;
};

}  // namespace mrcz
