/// Files that gzip, zstd, bzip2 or xz packed: their content in order, and sinks that pack what is written to them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "mrcz/codec/packing.hpp"
#include "mrcz/codec/stream_decoder.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::detail {

/// Unpacks another source, which must outlive this object, from front to back. Throws `errc::codec_unavailable` if the
/// library for it is missing, `errc::bad_packing` for damage, and `errc::truncated` if the packed source ends too
/// early; with `incomplete`, the content ends there instead. Messages say after how many unpacked bytes; `byte()` is a
/// position in the packed source.
class unpacked_stream final : public sequential_source {
 public:
  MRCZ_INLINE unpacked_stream(sequential_source& packed, packing how, bool incomplete = false);

  MRCZ_INLINE std::size_t read(std::span<std::byte> into) override;
  std::string name() const override { return packed_->name(); }

 private:
  [[noreturn]] MRCZ_INLINE void fail_after(std::size_t made, errc code, const char* what, const char* reason) const;

  sequential_source* packed_;
  packing how_;
  bool incomplete_;
  std::unique_ptr<stream_decoder> decoder_;
  std::vector<std::byte> input_;
  std::span<const std::byte> waiting_;  // of the input, for the decoder
  bool ended_ = false;                  // the packed source
  std::uint64_t taken_ = 0;
  std::uint64_t made_ = 0;
};

/// Packs all that `from` holds, in up to `threads` threads: gzip level 6 or zstd level 3, as the programs do by
/// default. `how` may also be `none`.
MRCZ_INLINE void pack(const byte_source& from, packing how, std::size_t threads, const std::stop_token* stop,
                      sequential_sink& to);

/// Throws `errc::bad_option` unless the library writes this packing, and `errc::codec_unavailable` if the program was
/// compiled without it.
MRCZ_INLINE void require_writable(packing how);

/// A sink that packs what was written when it is published. Until then, the bytes are in a file without a name: beside
/// the destination if this is an `atomic_file`, otherwise in the folder TMPDIR. They must not have gaps.
class packed_sink final : public byte_sink {
 public:
  MRCZ_INLINE packed_sink(std::unique_ptr<byte_sink> to, packing how, std::size_t threads, const std::stop_token* stop);

  void write_at(std::uint64_t offset, std::span<const std::byte> from) override { plain_.write_at(offset, from); }
  MRCZ_INLINE void publish() override;
  std::string name() const override { return to_->name(); }

 private:
  std::unique_ptr<byte_sink> to_;
  packing how_;
  std::size_t threads_;
  const std::stop_token* stop_;
  file plain_;
};

/// Opens the content of a bloscpack file.
using bloscpack_opener = std::unique_ptr<const byte_source> (*)(std::shared_ptr<const byte_source> packed);

/// How bloscpack files are opened; null unless the program includes `mrcz/bloscpack.hpp`, which sets it before `main`.
/// Inline in both forms of compilation, so that a program that mixes them has one. Thread-safe.
MRCZ_VISIBLE inline std::atomic<bloscpack_opener> opener_of_bloscpack{nullptr};

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/packed.ipp"
#endif
