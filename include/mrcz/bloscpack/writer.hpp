/// Packing data that come piece by piece (bloscpack format 3).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "mrcz/bloscpack/header.hpp"
#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/bloscpack/options.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/sequential.hpp"

namespace mrcz::bloscpack {

/// Packs whatever is written to it, as `std::ofstream` stores it:
///
///     mrcz::bloscpack::writer out{"frames.blp", {.codec = mrcz::codec::zstd}};
///     for (const auto& frame : frames) out.write(std::as_bytes(std::span{frame}));
///     out.close();
///
/// Collects one chunk for each thread and then packs them together. One thread at a time uses a writer. After a failure
/// the writer is closed, and nothing is published.
class writer {
 public:
  /// `close` publishes a file with the same bytes as `pack_file` writes. Until then the chunks are kept in a file
  /// without a name on the same file system.
  explicit writer(const std::filesystem::path& path, const options& wanted = {}, const metadata& values = nullptr);

  /// Writes a stream, as `pack_stream` does. The sink must outlive the writer.
  explicit writer(sequential_sink& to, const options& wanted = {}, const metadata& values = nullptr);

  /// The other writer can only be destroyed or assigned to.
  writer(writer&&) noexcept;
  /// Ends what this writer was writing, as the destructor does.
  writer& operator=(writer&&) noexcept;
  /// If `close` was not called, a file is not published, and a stream lacks its end.
  ~writer();

  /// Throws `errc::closed` after `close` and after a failure.
  void write(std::span<const std::byte> bytes);

  /// Writes what is left and publishes the file. Returns its header.
  header close();

 private:
  class state;

  state& open() const;

  std::unique_ptr<state> state_;
};

}  // namespace mrcz::bloscpack

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/bloscpack/writer.ipp"
#endif
