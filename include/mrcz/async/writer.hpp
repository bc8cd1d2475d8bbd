/// Writing slice by slice without waiting: the workers pack a bounded window of slices and put them in order.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/borrowed.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/async/write_window.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async {

/// Writes one file from coroutines. The workers pack slices in parallel and put them in the order of the calls of
/// `append`. The writer starts no thread, so it ignores `write_options::threads`. Any number of writers may share the
/// workers, even if these are a pool of one thread, and even together with the coroutines that append.
///
/// One coroutine at a time may append or close. A second one gets `errc::bad_option` from its `co_await`, which changes
/// nothing. The context of the coroutine must outlive the work of the workers. A coroutine that is to be cancelled
/// needs a strand or a context of one thread, as everywhere in Asio.
///
/// If slice 5 fails, the next `append` or `close` throws the error, once. Its message says "(slice 5)", counted from
/// the beginning of the file. An exception from the evaluation of an expression arrives as `errc::caller_failed`. After
/// an error or a cancellation the writer is closed: calls throw `errc::closed`, and nothing is published.
///
/// A writer that is destroyed before it is closed gives up in the same way. It does not wait for slices, except for
/// those of a borrowed expression (see `append`). The last busy worker removes the temporary file, or leaves it if
/// `write_options::keep_partial` is set. A writer that was moved from throws `errc::closed`: its coroutines throw from
/// the `co_await`, the other functions at once.
class writer {
 public:
  /// Creates the file at once, on the calling thread. The file appears under `path` when `close` publishes it. Errors
  /// as for `mrcz::writer`.
  writer(asio::any_io_executor workers, const std::filesystem::path& path, write_options options = {},
         const mrcz::metadata& values = nullptr, window limits = {})
      : writer{std::move(workers), mrcz::writer{path, options, values}, limits} {}

  writer(asio::any_io_executor workers, std::unique_ptr<byte_sink> sink, write_options options = {},
         const mrcz::metadata& values = nullptr, window limits = {})
      : writer{std::move(workers), mrcz::writer{std::move(sink), options, values}, limits} {}

  /// Takes over a writer that was prepared in another way: by `append_to`, or with an extended header. Throws
  /// `errc::closed` for a writer that was closed or moved from.
  writer(asio::any_io_executor workers, mrcz::writer out, window limits = {})
      : work_{std::make_shared<detail::write_window>(std::move(workers), std::move(out), limits)} {}

  writer(writer&&) noexcept = default;
  writer& operator=(writer&&) = delete;

  ~writer() {
    if (work_) work_->abandon();
  }

  /// As `mrcz::writer::header`, but only before the first `append`. Throws `errc::closed` after it.
  header_fields& header() { return opened(work_)->header(); }

  /// Takes over an image, all slices of a volume, or a lazy expression of the rank of either. The workers evaluate
  /// expressions. Returns as soon as the window has room, which is at once if the workers keep up. Move arrays in: the
  /// array of a volume is freed when its last slice is packed.
  ///
  /// An expression that may keep state (see `evaluates_in_parallel`) is evaluated slice after slice before this
  /// returns. An expression must own its operands (see `self_contained`). The compiler refuses one that does not; pass
  /// it as `borrowed(expression)`.
  ///
  /// Throws `errc::shape_mismatch` for another rank or an empty array. This error does not close the writer.
  template <writable Array>
  asio::awaitable<void> append(Array voxels) {
    return append_slices(work_, shared(mrcz::detail::share(std::move(voxels))));
  }

  /// As above, for an expression that refers to memory of the caller. This memory must live, unchanged, until `close()`
  /// has returned or thrown, or until the writer is destroyed. An object that is declared before the writer lives long
  /// enough. If `close()` or the destructor gives up, it blocks until no worker is busy with a slice of this writer.
  template <class E>
  asio::awaitable<void> append(borrowed_expression<E> voxels) {
    if (work_) work_->borrow();
    return append_slices(work_, shared(mrcz::detail::share(std::move(voxels))));
  }

  /// Waits for all slices, completes the header, syncs and publishes the file. A cancellation before it publishes
  /// leaves no file. Once it has begun to publish, it goes on to the end. Errors as for `mrcz::writer::close`; after
  /// any of them the writer is closed.
  asio::awaitable<void> close() { return close_it(work_); }

  /// As `mrcz::writer::partial_path`: with `write_options::keep_partial`, the path of the file that holds the slices
  /// until `close()` succeeds, also after a failure.
  std::filesystem::path partial_path() const { return opened(work_)->partial_path(); }

  /// Slices in the file so far, without those that are still in the window.
  std::size_t size() const { return opened(work_)->size(); }

 private:
  static std::shared_ptr<detail::write_window> opened(std::shared_ptr<detail::write_window> work) {
    if (!work) detail::fail(errc::closed, "the writer has no file: it was moved from");
    return work;
  }

  template <class Array>
  static detail::shared_slices shared(std::shared_ptr<const Array> array) {
    return {slices_of(*array), std::move(array)};
  }

  MRCZ_INLINE static asio::awaitable<void> append_slices(std::shared_ptr<detail::write_window> work,
                                                         detail::shared_slices from);
  MRCZ_INLINE static asio::awaitable<void> close_it(std::shared_ptr<detail::write_window> work);

  std::shared_ptr<detail::write_window> work_;
};

}  // namespace mrcz::async

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/writer.ipp"
#endif
