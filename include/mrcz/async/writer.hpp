/// Writing slice by slice without waiting: a bounded window of slices is packed on the workers and put in order.
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

/// Writes one file from coroutines. Slices are packed side by side on `workers` and put in the order of the calls of
/// `append`; nothing else runs and no thread is started, so `write_options::threads` is not looked at. Any number of
/// writers may share the workers, also a pool of one thread, also with the coroutines that append.
///
/// One coroutine at a time appends and closes: another one gets `errc::bad_option` from its `co_await`, which changes
/// nothing. An error in slice 5 is thrown from the next `append` or `close`, once,
/// and says "(slice 5)", counted from the beginning of the file; what evaluating an expression throws arrives as
/// `errc::caller_failed`. From then on, as after cancellation, the writer is closed, calls throw `errc::closed`, and
/// nothing is published. A writer that is destroyed before it has
/// been closed gives up in the same way: it does not wait for slices, and whoever is busy with the last one removes the
/// temporary file (or leaves it, if `write_options::keep_partial` says so). The context of the coroutine must outlive
/// the workers' work, and a coroutine that is to be cancelled needs a strand or a context of one thread, as everywhere
/// in Asio. A writer that was moved from throws `errc::closed`: what can be awaited from the `co_await`, the rest at
/// once.
class writer {
 public:
  /// Creates the file, which has no name yet, at once, on the calling thread. Errors as for `mrcz::writer`.
  writer(asio::any_io_executor workers, const std::filesystem::path& path, write_options options = {},
         const mrcz::metadata& values = nullptr, window limits = {})
      : writer{std::move(workers), mrcz::writer{path, options, values}, limits} {}

  writer(asio::any_io_executor workers, std::unique_ptr<byte_sink> sink, write_options options = {},
         const mrcz::metadata& values = nullptr, window limits = {})
      : writer{std::move(workers), mrcz::writer{std::move(sink), options, values}, limits} {}

  /// Goes on with a writer that has been prepared otherwise: by `append_to`, or with an extended header. Throws
  /// `errc::closed` for one that has been closed or moved from.
  writer(asio::any_io_executor workers, mrcz::writer out, window limits = {})
      : work_{std::make_shared<write_window>(std::move(workers), std::move(out), limits)} {}

  writer(writer&&) noexcept = default;
  writer& operator=(writer&&) = delete;

  ~writer() {
    if (work_) work_->abandon();
  }

  /// As `mrcz::writer::header`, before the first `append`; throws `errc::closed` after it.
  mrcz::header& header() { return opened(work_)->header(); }

  /// Takes over an image, or all slices of a volume, or any lazy expression of such a rank, which is evaluated on the
  /// workers. Goes on as soon as the window has room, which is at once unless the workers cannot keep up. Move arrays
  /// in; the array of a volume is freed when its last slice is packed. What may keep state (see
  /// `evaluates_in_parallel`) is evaluated slice after slice before this goes on. An expression must own its operands
  /// (see `self_contained`): one that does not is refused by the compiler, unless it comes as `borrowed(expression)`.
  /// Throws `errc::shape_mismatch` for another rank or an empty array, which closes nothing.
  template <writable Array>
  asio::awaitable<void> append(Array voxels) {
    return append_slices(work_, shared(mrcz::detail::share(std::move(voxels))));
  }

  /// As above; what the expression refers to must live, unchanged, until `close()` has returned or thrown, or until the
  /// writer is gone: what was there before the writer does. Where either gives up, it blocks until no worker is busy
  /// with a slice of this writer.
  template <class E>
  asio::awaitable<void> append(borrowed_expression<E> voxels) {
    if (work_) work_->borrow();
    return append_slices(work_, shared(mrcz::detail::share(std::move(voxels))));
  }

  /// Waits for all slices, finishes the header, syncs and publishes the file. Cancelled before it publishes it leaves
  /// nothing behind; once it has begun to publish it goes on to the end. Errors as for `mrcz::writer::close`, after any
  /// of which the writer is closed.
  asio::awaitable<void> close() { return close_it(work_); }

  /// As `mrcz::writer::partial_path`: with `write_options::keep_partial`, where the slices are until `close()`
  /// succeeds, also after a failure.
  std::filesystem::path partial_path() const { return opened(work_)->partial_path(); }

  /// Slices in the file so far; those in the window do not count yet.
  std::size_t size() const { return opened(work_)->size(); }

 private:
  static std::shared_ptr<write_window> opened(std::shared_ptr<write_window> work) {
    if (!work) fail(errc::closed, "the writer has no file: it was moved from");
    return work;
  }

  template <class Array>
  static shared_slices shared(std::shared_ptr<const Array> array) {
    return {slices_of(*array), std::move(array)};
  }

  MRCZ_INLINE static asio::awaitable<void> append_slices(std::shared_ptr<write_window> work, shared_slices from);
  MRCZ_INLINE static asio::awaitable<void> close_it(std::shared_ptr<write_window> work);

  std::shared_ptr<write_window> work_;
};

}  // namespace mrcz::async

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/writer.ipp"
#endif
