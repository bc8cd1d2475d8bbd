/// The destination of a writer: bytes at positions, which are valid only once they are published.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "mrcz/io/byte_source.hpp"

namespace mrcz {

/// Derive from this to write to anything. One thread at a time calls it. A sink that is destroyed before
/// `publish()` discards what was written, as if nothing had happened.
class byte_sink {
 public:
  byte_sink() = default;
  byte_sink(const byte_sink&) = delete;
  byte_sink& operator=(const byte_sink&) = delete;
  virtual ~byte_sink() = default;

  /// Writes all of `from` at `offset`, or throws. Offsets need not rise; gaps read as zeros.
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> from) = 0;

  /// Copies `count` bytes at `offset` of `from` to position `to`. The system may copy them without reading them into
  /// memory.
  virtual void copy(const byte_source& from, std::uint64_t offset, std::uint64_t count, std::uint64_t to);

  /// Makes what was written visible and final. Called once, as the last call.
  virtual void publish() = 0;

  /// Keeps the written bytes in a place where a person can find them, even if they are never published or the program
  /// is killed. Returns that place. A sink that has no such place does nothing and returns an empty path.
  virtual std::filesystem::path keep_partial() { return {}; }

  /// The name of this sink in messages: a path, for instance.
  virtual std::string name() const = 0;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/byte_sink.ipp"
#endif
