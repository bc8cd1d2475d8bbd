/// Writing slice by slice without waiting: the workers pack a bounded window of slices and put them in order.
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/borrowed.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/job.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/async/write_queue.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

template <class Executor = asio::any_io_executor>
class basic_writer;

namespace detail {

template <class Executor>
const std::shared_ptr<write_queue>& queue_of(const basic_writer<Executor>& out) noexcept;

}  // namespace detail

/// Writes one file without blocking the caller. The workers, which are the executor of the writer, create the file,
/// pack slices in parallel, and put them in the order of the calls of `append`. The writer starts no thread, so it
/// ignores `write_options::threads`. A file with `write_options::packing` is packed by one worker, when it is closed.
/// Any number of writers may share the workers, even if these are a pool of one thread, and even together with the
/// coroutines that append.
///
/// Operations take any completion token of Asio, with the signature `void(std::exception_ptr)`; without a token they
/// are awaited: `co_await out.append(std::move(frame))`. They are served in the order in which they were initiated, so
/// several coroutines may append, and `close` waits for what was appended before it. The handler is called on its
/// associated executor, or else on the workers. That context must outlive the work. A failure is an `mrcz::error`.
///
/// If slice 5 fails, the operation that is served next is told so, once. The message says "(slice 5)", counted from the
/// beginning of the file. An exception from the evaluation of an expression arrives as `errc::caller_failed`. After a
/// failure the writer is closed: operations fail with `errc::closed`, and nothing is published.
///
/// Cancelled operations fail with `asio::error::operation_aborted`:
///
/// | operation                  | total       | partial                    | terminal     |
/// | -------------------------- | ----------- | -------------------------- | ------------ |
/// | append that waits          | not begun   | not begun                  | not begun    |
/// | append, some slices taken  | goes on     | stops behind these slices  | ends file    |
/// | append, all slices taken   | goes on     | goes on                    | goes on      |
/// | flush                      | not begun   | not begun                  | not begun    |
/// | close that waits           | goes on     | goes on                    | ends file    |
/// | close that publishes       | goes on     | goes on                    | goes on      |
/// | close behind that one      | goes on     | goes on                    | not begun    |
///
/// "Not begun": as if it had never been called. "Ends file": nothing is published, and the writer is closed. If several
/// types are asked for at once, the leftmost column that has an effect counts.
///
/// A writer that is destroyed before it is closed ends the file. It does not wait for slices, except for those of a
/// borrowed expression (see `append`). The workers remove the temporary file, or leave it if
/// `write_options::keep_partial` is set. Operations that wait are cancelled as by `terminal`. Once `close` publishes,
/// it goes on without the writer. A writer that was moved from or default-constructed fails with `errc::closed`.
template <class Executor>
class basic_writer {
 public:
  using executor_type = Executor;                         ///< of the workers
  using default_token = asio::use_awaitable_t<Executor>;  ///< where the caller passes none

  /// As Asio's I/O objects have it.
  template <class Other>
  struct rebind_executor {
    using other = basic_writer<Other>;  ///< on other workers
  };

  /// A writer without a file: operations must have default-constructible results.
  basic_writer() = default;

  /// Checks the options at once and throws `errc::bad_option`, `bad_metadata` or `codec_unavailable`. The workers
  /// create the file. If they cannot, the first operation fails; `async::create` completes when they have. The file
  /// appears under `path` when `close` publishes it.
  basic_writer(Executor workers, const std::filesystem::path& path, write_options options = {},
               const mrcz::metadata& values = nullptr, window limits = {})
      : basic_writer{std::move(workers), detail::steps_of_writing::prepare(path, options, to_extended_header(values)),
                     limits, path} {}

  /// Writes to any sink, which the workers use.
  basic_writer(Executor workers, std::unique_ptr<byte_sink> sink, write_options options = {},
               const mrcz::metadata& values = nullptr, window limits = {})
      : basic_writer{std::move(workers), mrcz::writer{std::move(sink), options, values}, limits} {}

  /// Takes over a writer that was prepared in another way, for instance with an extended header. Throws `errc::closed`
  /// for a writer that was closed or moved from.
  basic_writer(Executor workers, mrcz::writer out, window limits = {})
      : basic_writer{std::move(workers), std::move(out), limits, std::nullopt} {}

  basic_writer(basic_writer&&) noexcept = default;
  /// Ends the file of this writer first, as the destructor does.
  basic_writer& operator=(basic_writer&& other) noexcept {
    if (this == &other) return *this;
    if (queue_) queue_->abandon();
    executor_ = std::move(other.executor_);
    queue_ = std::move(other.queue_);
    return *this;
  }

  ~basic_writer() {
    if (queue_) queue_->abandon();
  }

  /// The workers.
  executor_type get_executor() const { return opened().executor_.value(); }

  /// As `mrcz::writer::header`, but only before the first `append`. Throws `errc::closed` after it.
  header_fields& header() { return opened().queue_->header(); }

  /// Takes over an image, all slices of a volume, or a lazy expression of the rank of either. The workers evaluate
  /// expressions. Completes as soon as the window has room, which is at once if the workers keep up. Move arrays in:
  /// the array of a volume is freed when its last slice is packed.
  ///
  /// An expression that may keep state (see `evaluates_in_parallel`) is evaluated slice after slice before this
  /// completes. An expression must own its operands (see `self_contained`). The compiler refuses one that does not;
  /// pass it as `borrowed(expression)`. The memory to which it refers must then live, unchanged, until `close()` has
  /// completed, or until the writer is destroyed. An object that is declared before the writer lives long enough. If
  /// the destructor ends the file, it blocks until no worker is busy with a slice of this writer.
  ///
  /// Fails with `errc::shape_mismatch` or `mode_mismatch` for another rank, extents or mode than before, or an empty
  /// array. These failures do not close the writer.
  template <appendable Array, token_for<void> Token = default_token>
  auto append(Array voxels, Token&& token = Token{}) {
    auto start = [from = detail::shared(std::move(voxels))](detail::write_queue& queue,
                                                            detail::completion<request> who) mutable {
      queue.append(std::move(from), std::move(who));
    };
    return initiate(std::move(start), std::forward<Token>(token));
  }

  /// Takes over an image only if the window has room and nothing waits. Returns whether it did; if not, the image is
  /// untouched. Never waits, so a camera can call it from its own thread. An expression must own its operands. Throws
  /// what `append` would fail with.
  template <writable Array>
    requires(!std::is_lvalue_reference_v<Array>)
  bool try_append(Array&& voxels) {
    detail::require_self_contained<Array>();
    auto& queue = *opened().queue_;
    const auto like = slices_of(voxels);
    if (like.rank != 2) detail::fail(errc::shape_mismatch, "try_append takes an image, but the rank is {}", like.rank);
    auto kept = std::make_shared<std::optional<Array>>();
    const auto index = queue.reserve(like);
    if (!index) return false;
    auto failure = mrcz::detail::thrown_by([&] { kept->emplace(std::forward<Array>(voxels)); });
    if (failure) queue.fail_at(*index, std::move(failure));
    else queue.fill(*index, {slices_of(**kept), kept});
    return true;
  }

  /// Completes when everything that was appended before is in the file. With `write_options::keep_partial` the file
  /// can then be read. Nothing is synced.
  template <token_for<void> Token = default_token>
  auto flush(Token&& token = Token{}) {
    return initiate([](detail::write_queue& queue, detail::completion<request> who) { queue.flush(std::move(who)); },
                    std::forward<Token>(token));
  }

  /// Waits for all slices, completes the header, syncs and publishes the file. Fails as `mrcz::writer::close` does. The
  /// writer is then closed in any case.
  template <token_for<void> Token = default_token>
  auto close(Token&& token = Token{}) {
    return initiate([](detail::write_queue& queue, detail::completion<request> who) { queue.close(std::move(who)); },
                    std::forward<Token>(token));
  }

  /// Cancels each operation that is not complete, as the table says.
  void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) { opened().queue_->cancel(type); }

  /// Slices and bytes in the window: appended, and not in the file yet.
  window_content in_window() const { return opened().queue_->in_window(); }

  /// As `mrcz::writer::partial_path`: with `write_options::keep_partial`, the path of the file that holds the slices
  /// until `close()` succeeds, also after a failure.
  std::filesystem::path partial_path() const { return opened().queue_->partial_path(); }

  /// Slices in the file so far, without those that are still in the window.
  std::size_t size() const { return opened().queue_->size(); }

 private:
  using request = detail::write_queue::request;

  template <class Other>
  friend const std::shared_ptr<detail::write_queue>& detail::queue_of(const basic_writer<Other>& out) noexcept;

  basic_writer(Executor workers, mrcz::writer out, const window& limits,
               const std::optional<std::filesystem::path>& to_create)
      : executor_{workers},
        queue_{std::make_shared<detail::write_queue>(std::move(workers), std::move(out), limits, to_create)} {
    queue_->start();
  }

  const basic_writer& opened() const {
    if (!queue_) detail::fail_without_file();
    return *this;
  }

  /// Initiates `start(queue, completion)`.
  template <class Start, class Token>
  auto initiate(Start start, Token&& token) {
    auto start_or_fail = [queue = queue_, start = std::move(start)](detail::completion<request> who) mutable {
      if (queue) start(*queue, std::move(who));
      else who(mrcz::detail::thrown_by([] { detail::fail_without_file(); }));
    };
    return detail::initiate<void, request>(queue_ ? asio::any_io_executor{*executor_} : asio::any_io_executor{},
                                           std::forward<Token>(token), std::move(start_or_fail));
  }

  std::optional<Executor> executor_;
  std::shared_ptr<detail::write_queue> queue_;
};

/// A writer on workers of any kind.
using writer = basic_writer<>;

namespace detail {

template <class Executor>
const std::shared_ptr<write_queue>& queue_of(const basic_writer<Executor>& out) noexcept {
  return out.queue_;
}

}  // namespace detail

/// `auto out = co_await mrcz::async::create(workers, "movie.mrcz");` Like the constructor of a writer, but completes
/// when the workers have created the file, or fails if they cannot. Signature `void(std::exception_ptr, writer)`.
template <token_for<writer> Token = asio::use_awaitable_t<>>
auto create(asio::any_io_executor workers, std::filesystem::path path, write_options options = {},
            mrcz::metadata values = nullptr, window limits = {}, Token&& token = Token{}) {
  auto start = [workers, path = std::move(path), options, values = std::move(values),
                limits](detail::completion<detail::write_queue::request> who) mutable noexcept {
    std::shared_ptr<writer> made;
    auto failure = mrcz::detail::thrown_by(
        [&] { made = std::make_shared<writer>(std::move(workers), path, options, values, limits); });
    if (failure) return who(std::move(failure));
    const auto queue = detail::queue_of(*made);  // a handler on another thread may destroy the writer meanwhile
    queue->flush(std::move(who), std::move(made));
  };
  return detail::initiate<writer, detail::write_queue::request>(workers, std::forward<Token>(token), std::move(start));
}
/// With the options of the longer form at their defaults.
template <token_for<writer> Token>
auto create(asio::any_io_executor workers, std::filesystem::path path, Token&& token) {
  return create(std::move(workers), std::move(path), {}, nullptr, {}, std::forward<Token>(token));
}
/// With the options of the longer form at their defaults.
template <token_for<writer> Token>
auto create(asio::any_io_executor workers, std::filesystem::path path, write_options options, Token&& token) {
  return create(std::move(workers), std::move(path), options, nullptr, {}, std::forward<Token>(token));
}
/// With the options of the longer form at their defaults.
template <token_for<writer> Token>
auto create(asio::any_io_executor workers, std::filesystem::path path, write_options options, mrcz::metadata values,
            Token&& token) {
  return create(std::move(workers), std::move(path), options, std::move(values), {}, std::forward<Token>(token));
}

/// `mrcz::writer::append_to` on the workers. Signature `void(std::exception_ptr, writer)`.
template <token_for<writer> Token = asio::use_awaitable_t<>>
auto append_to(asio::any_io_executor workers, std::filesystem::path path, write_options options = {},
               window limits = {}, Token&& token = Token{}) {
  auto open = [workers, path = std::move(path), options, limits] {
    return writer{workers, mrcz::writer::append_to(path, options), limits};
  };
  return detail::initiate_making<writer>(std::move(workers), std::forward<Token>(token), std::move(open));
}
/// With the options of the longer form at their defaults.
template <token_for<writer> Token>
auto append_to(asio::any_io_executor workers, std::filesystem::path path, Token&& token) {
  return append_to(std::move(workers), std::move(path), {}, {}, std::forward<Token>(token));
}
/// With the options of the longer form at their defaults.
template <token_for<writer> Token>
auto append_to(asio::any_io_executor workers, std::filesystem::path path, write_options options, Token&& token) {
  return append_to(std::move(workers), std::move(path), options, {}, std::forward<Token>(token));
}

}  // namespace mrcz::async::inline MRCZ_ASIO
