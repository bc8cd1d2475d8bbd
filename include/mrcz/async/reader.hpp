/// Reading on the workers while coroutines wait.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/slice_stream.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/hardware.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async {

/// An open file. Its voxels are read on `workers`, several slices in parallel. The reader starts no thread, so it
/// ignores `read_options::threads`. It is const, thread-safe and cheap to copy. The file stays open until the last copy
/// and the last work on it are gone.
///
/// Errors as for `mrcz::reader`. A cancelled read finishes the slices that have started, then throws
/// `asio::error::operation_aborted`. A reader has no file if it is default-constructed or was moved from. It then
/// throws `errc::closed`: its coroutines throw from the `co_await`, `file()` and `slices()` throw at once.
class reader {
 public:
  /// A reader without a file. It exists because `asio::co_spawn` needs default-constructible results.
  reader() = default;

  /// Opens the file at once, on the calling thread. This reads the header and, in a compressed file, 16 bytes of the
  /// first slice. With `read_options::incomplete` it also locates the slices, because the shape depends on them: in a
  /// compressed file it then reads 16 bytes of each slice. `async::open` does the same on the workers.
  reader(asio::any_io_executor workers, const std::filesystem::path& path, read_options options = {})
      : workers_{detail::checked(std::move(workers))}, file_{opened_now(path, options)} {}

  reader(asio::any_io_executor workers, std::unique_ptr<const byte_source> source, read_options options = {})
      : workers_{detail::checked(std::move(workers))}, file_{opened_now(std::move(source), options)} {}

  /// The header, shape, metadata and everything else that can be had without reading voxels. Functions that read from
  /// the file do so on the calling thread: `metadata()`, `extended_header()`, and the first call of `slices()`.
  const mrcz::reader& file() const { return opened(file_); }

  template <voxel T>
  asio::awaitable<volume<T>> read() const {
    return read_slices<T>({});
  }

  template <voxel T>
  asio::awaitable<volume<T>> read_slices(range z) const {
    return read_slices_of<T>(workers_, file_, z);
  }

  template <voxel T>
  asio::awaitable<image<T>> read_slice(std::size_t z) const {
    return read_slice_of<T>(workers_, file_, z);
  }

  /// The slices of `z`, one after the other. Up to `ahead` slices are read before the caller asks for them. `ahead` not
  /// stated: one per processor and one more.
  template <voxel T>
  slice_stream<T> slices(range z = {}, std::optional<std::size_t> ahead = std::nullopt) const {
    if (ahead == 0U) detail::fail_expected(errc::bad_option, "ahead is 0", "at least 1");
    const auto slices =
        detail::with_context(file().source().name(), [&] { return detail::resolve({.z = z}, file_->shape()).z; });
    return {workers_, file_, slices, ahead.value_or(detail::thread_count(std::nullopt) + 1)};
  }

 private:
  template <class Source>
  static std::shared_ptr<const mrcz::reader> opened_now(Source&& source, read_options options) {
    options.threads = 1;
    auto file = std::make_shared<const mrcz::reader>(std::forward<Source>(source), options);
    if (options.incomplete) static_cast<void>(file->slices());
    return file;
  }

  static const mrcz::reader& opened(const std::shared_ptr<const mrcz::reader>& file) {
    if (!file) detail::fail(errc::closed, "the reader has no file: it was default-constructed or moved from");
    return *file;
  }

  // These coroutines must not refer to the reader: it may be destroyed before they start.

  template <voxel T>
  static asio::awaitable<image<T>> read_slice_of(asio::any_io_executor workers,
                                                 std::shared_ptr<const mrcz::reader> file, std::size_t z) {
    static_cast<void>(opened(file));
    auto read_one = [file, z] { return file->template read_slice<T>(z); };
    co_return co_await offload(workers, std::move(read_one));
  }

  template <voxel T>
  static asio::awaitable<volume<T>> read_slices_of(asio::any_io_executor workers,
                                                   std::shared_ptr<const mrcz::reader> file, range z) {
    static_cast<void>(opened(file));
    mrcz::detail::resolved_range slices{};
    volume<T> voxels;
    auto make = [&file, &voxels, &slices, z] {
      slices = file->require_slices(z, decoder_of<T>());  // the first call locates all slices
      voxels = detail::make_volume<T>({slices.count, file->shape()[1], file->shape()[2]});
      mrcz::detail::advise_huge_pages(std::as_writable_bytes(std::span{voxels.data(), voxels.size()}));
    };
    co_await offload(workers, std::move(make));
    auto read_one = [&file, &voxels, &slices](std::size_t i) {
      const auto [nz, ny, nx] = file->shape();
      auto slice = view_of(voxels.data() + i * ny * nx, {1, ny, nx});
      file->read_slices({.first = slices.first + i, .count = 1}, slice);
    };
    co_await for_each(workers, slices.count, std::move(read_one));
    co_return voxels;
  }

  asio::any_io_executor workers_;
  std::shared_ptr<const mrcz::reader> file_;
};

/// Opens a file on the workers.
inline asio::awaitable<reader> open(asio::any_io_executor workers, std::filesystem::path path,
                                    read_options options = {}) {
  auto open_it = [&] { return reader{workers, path, options}; };
  co_return co_await offload(workers, std::move(open_it));
}

}  // namespace mrcz::async
