/// Bytes that are read or written in order, without positions: pipes, terminals, and files used like them.
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

/// Derive from this to read bytes that cannot be read twice. One thread at a time calls it.
class sequential_source {
 public:
  sequential_source() = default;
  sequential_source(const sequential_source&) = delete;
  sequential_source& operator=(const sequential_source&) = delete;
  virtual ~sequential_source() = default;

  /// Fills `into` from its front and returns the number of bytes. It is smaller than `into.size()` only at the end of
  /// the source, and 0 after that.
  virtual std::size_t read(std::span<std::byte> into) = 0;

  /// The name of this source in messages.
  virtual std::string name() const = 0;
};

/// Derive from this to write bytes that cannot be changed once they are written. One thread at a time calls it.
class sequential_sink {
 public:
  sequential_sink() = default;
  sequential_sink(const sequential_sink&) = delete;
  sequential_sink& operator=(const sequential_sink&) = delete;
  virtual ~sequential_sink() = default;

  /// Writes all of `from` after the bytes that were written before, or throws.
  virtual void write(std::span<const std::byte> from) = 0;

  /// The name of this sink in messages.
  virtual std::string name() const = 0;
};

/// A file descriptor that belongs to the caller: standard input, for instance.
class descriptor_source final : public sequential_source {
 public:
  /// Messages call the descriptor `name`.
  descriptor_source(int descriptor, std::string name) : descriptor_{descriptor}, name_{std::move(name)} {}

  std::size_t read(std::span<std::byte> into) override;
  std::string name() const override { return name_; }

 private:
  int descriptor_;
  std::string name_;
};

/// A file descriptor that belongs to the caller: standard output, for instance.
class descriptor_sink final : public sequential_sink {
 public:
  /// Messages call the descriptor `name`.
  descriptor_sink(int descriptor, std::string name) : descriptor_{descriptor}, name_{std::move(name)} {}

  void write(std::span<const std::byte> from) override;
  std::string name() const override { return name_; }

 private:
  int descriptor_;
  std::string name_;
};

namespace detail {

/// Reads bytes that were read from another source before, and then the rest of that source, which must outlive this
/// object.
class rejoined_source final : public sequential_source {
 public:
  rejoined_source(std::span<const std::byte> beginning, sequential_source& rest)
      : beginning_{beginning.begin(), beginning.end()}, rest_{&rest} {}

  std::size_t read(std::span<std::byte> into) override;
  std::string name() const override { return rest_->name(); }

 private:
  std::vector<std::byte> beginning_;
  std::size_t at_ = 0;
  sequential_source* rest_;
};

/// Reads a source with positions from its beginning to its end. That source must outlive this object.
class source_in_order final : public sequential_source {
 public:
  explicit source_in_order(const byte_source& source) : source_{&source} {}

  std::size_t read(std::span<std::byte> into) override;
  std::string name() const override { return source_->name(); }

 private:
  const byte_source* source_;
  std::uint64_t at_ = 0;
};

/// Writes to a sink with positions, from `begin` on. That sink must outlive this object.
class sink_in_order final : public sequential_sink {
 public:
  explicit sink_in_order(byte_sink& sink, std::uint64_t begin = 0) : sink_{&sink}, at_{begin} {}

  void write(std::span<const std::byte> from) override;
  /// Where the next byte goes.
  std::uint64_t position() const noexcept { return at_; }
  std::string name() const override { return sink_->name(); }

 private:
  byte_sink* sink_;
  std::uint64_t at_;
};

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/sequential.ipp"
#endif
