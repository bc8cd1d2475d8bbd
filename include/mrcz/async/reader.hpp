/// Reading on the workers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/job.hpp"
#include "mrcz/async/read_job.hpp"
#include "mrcz/async/slice_stream.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

/// An open file. Its voxels are read on the workers, which are the executor of the reader: several slices in parallel,
/// or bands of rows of a slice that is alone. The reader starts no thread, so it ignores `read_options::threads`. It is
/// const, thread-safe and cheap to copy. The file stays open until the last copy and the last work on it are gone.
///
/// Operations take any completion token of Asio, with the signature `void(std::exception_ptr, array)`; without a token
/// they are awaited. The handler is called on its associated executor, or else on the workers. A failure is an error as
/// `mrcz::reader` throws it. A cancellation of any type fails the operation at once with
/// `asio::error::operation_aborted`; parts that are being read are read to their end.
///
/// A reader that was default-constructed or moved from has no file. Its operations fail with `errc::closed`; `file()`
/// and `slices()` throw that.
template <class Executor = asio::any_io_executor>
class basic_reader {
 public:
  using executor_type = Executor;                         ///< of the workers
  using default_token = asio::use_awaitable_t<Executor>;  ///< where the caller passes none

  /// As Asio's I/O objects have it.
  template <class Other>
  struct rebind_executor {
    using other = basic_reader<Other>;  ///< on other workers
  };

  /// A reader without a file: operations must have default-constructible results.
  basic_reader() = default;

  /// Opens the file at once, on the calling thread. This reads the header and, in a compressed file, 16 bytes of the
  /// first slice. With `read_options::incomplete` it also locates the slices, because the shape depends on them: in a
  /// compressed file it then reads 16 bytes of each slice. `async::open` does the same on the workers.
  basic_reader(Executor workers, const std::filesystem::path& path, read_options options = {})
      : basic_reader{std::move(workers), std::make_unique<file_source>(path), options} {}

  /// Reads from any source, which the workers use.
  basic_reader(Executor workers, std::unique_ptr<const byte_source> source, read_options options = {})
      : executor_{std::move(workers)}, file_{detail::open_reader(std::move(source), options)} {
    static_cast<void>(detail::checked(*executor_));
  }

  /// The workers.
  executor_type get_executor() const {
    static_cast<void>(file());
    return *executor_;
  }

  /// The header, shape, metadata and everything else that can be had without reading voxels. Functions that read from
  /// the file do so on the calling thread: `metadata()`, `extended_header()`, and the first call of `slices()`.
  const mrcz::reader& file() const {
    if (!file_) detail::fail_without_file();
    return *file_;
  }

  /// As the function of `mrcz::reader` of this name.
  /// @{
  template <voxel T, token_for<volume<T>> Token = default_token>
  auto read(Token&& token = Token{}) const {
    return read_region<T>({}, std::forward<Token>(token));
  }

  template <voxel T, token_for<volume<T>> Token = default_token>
  auto read_slices(range z, Token&& token = Token{}) const {
    return read_region<T>({.z = z}, std::forward<Token>(token));
  }

  template <voxel T, token_for<volume<T>> Token = default_token>
  auto read_region(region wanted, Token&& token = Token{}) const {
    return read_array<volume<T>>(std::forward<Token>(token), [wanted](const auto& in, const auto& type) {
      return detail::steps_of_reading::region(in, wanted, type);
    });
  }

  template <voxel T, token_for<image<T>> Token = default_token>
  auto read_slice(std::size_t z, Token&& token = Token{}) const {
    return read_array<image<T>>(std::forward<Token>(token), [z](const auto& in, const auto& type) {
      return detail::steps_of_reading::slice(in, z, type);
    });
  }

  template <voxel T, token_for<volume<T>> Token = default_token>
  auto read_frame(std::size_t frame, Token&& token = Token{}) const {
    return read_array<volume<T>>(std::forward<Token>(token), [frame](const auto& in, const auto& type) {
      return detail::steps_of_reading::frame(in, frame, type);
    });
  }
  /// @}

  /// The slices of `z`, one after the other. As many are read before the caller asks for them as the window holds.
  template <voxel T>
  slice_stream<T, Executor> slices(range z = {}, window ahead = {}) const {
    const auto places =
        detail::with_context(file().source().name(), [&] { return detail::resolve({.z = z}, file_->shape()).z; });
    return {*executor_, file_, places, ahead};
  }

 private:
  template <class Array, class Token>
  auto read_array(Token&& token, detail::box_of wanted) const {
    auto file_or_fail = [file = file_] {
      if (!file) detail::fail_without_file();
      return file;
    };
    const auto workers = file_ ? asio::any_io_executor{*executor_} : asio::any_io_executor{asio::system_executor{}};
    return detail::initiate_read<Array>(workers, std::forward<Token>(token), std::move(file_or_fail),
                                        std::move(wanted));
  }

  std::optional<Executor> executor_;
  detail::shared_reader file_;
};

/// A reader on workers of any kind.
using reader = basic_reader<>;

/// Opens a file on the workers. Signature `void(std::exception_ptr, reader)`.
template <token_for<reader> Token = asio::use_awaitable_t<>>
auto open(asio::any_io_executor workers, std::filesystem::path path, read_options options = {},
          Token&& token = Token{}) {
  auto open_it = [workers, path = std::move(path), options] { return reader{workers, path, options}; };
  return detail::initiate_making<reader>(std::move(workers), std::forward<Token>(token), std::move(open_it));
}
/// With the options of the longer form at their defaults.
template <token_for<reader> Token>
auto open(asio::any_io_executor workers, std::filesystem::path path, Token&& token) {
  return open(std::move(workers), std::move(path), {}, std::forward<Token>(token));
}

}  // namespace mrcz::async::inline MRCZ_ASIO
