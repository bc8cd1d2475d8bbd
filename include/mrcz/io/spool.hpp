/// Keeps what can be read only once, so that it can be read at any position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::detail {

/// How much a spool takes, and where it keeps that.
struct spool_limits {
  std::uint64_t most_bytes = UINT64_MAX;  ///< more is refused
  std::uint64_t memory = 0;               ///< more than this goes to a file without a name in the folder TMPDIR
  const std::stop_token* stop = nullptr;  ///< checked for each MiB: a requested stop throws `errc::stopped`
};

/// A file without a name in the folder TMPDIR. Errors of the system name the folder; if there is none, `for_whom`.
MRCZ_INLINE file scratch_file(const std::string& for_whom);

/// The content of a sequential source, which the constructor reads to its end. It lies in memory, or in a file without
/// a name that the system deletes with the spool. Const and thread-safe. Throws `errc::too_large` for more than
/// `most_bytes` bytes, of which it reads one too many; the errors of the source; and those of the system, which name
/// the folder if it is full, missing or may not be written.
class spool final : public byte_source {
 public:
  MRCZ_INLINE spool(sequential_source& from, const spool_limits& limits);

  std::uint64_t size() const override { return content_->size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override { content_->read_at(offset, into); }
  std::span<const std::byte> in_memory() const noexcept override { return content_->in_memory(); }
  /// The name of the source.
  std::string name() const override { return name_; }

 private:
  std::string name_;
  std::unique_ptr<const byte_source> content_;
};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/spool.ipp"
#endif
