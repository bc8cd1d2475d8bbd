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

  /// Opens the file at once, on the calling thread, which reads the header and 16 bytes per slice. `async::open` does
  /// the same on the workers.
  reader(asio::any_io_executor workers, const std::filesystem::path& path, read_options options = {})
      : workers_{detail::checked(std::move(workers))},
        file_{std::make_shared<const mrcz::reader>(path, one_thread(options))} {}

  reader(asio::any_io_executor workers, std::unique_ptr<const byte_source> source, read_options options = {})
      : workers_{detail::checked(std::move(workers))},
        file_{std::make_shared<const mrcz::reader>(std::move(source), one_thread(options))} {}

  /// The header, shape, metadata and everything else that can be had without reading voxels.
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
  static read_options one_thread(read_options options) noexcept {
    options.threads = 1;
    return options;
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
    const auto slices = opened(file).require_slices(z, decoder_of<T>());
    const shape extents{slices.count, file->shape()[1], file->shape()[2]};
    auto make = [extents] {
      auto fresh = detail::make_volume<T>(extents);
      mrcz::detail::advise_huge_pages(std::as_writable_bytes(std::span{fresh.data(), fresh.size()}));
      return fresh;
    };
    auto voxels = co_await offload(workers, std::move(make));
    auto read_one = [&file, &voxels, &slices, &extents](std::size_t i) {
      auto slice = view_of(voxels.data() + i * extents[1] * extents[2], {1, extents[1], extents[2]});
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
