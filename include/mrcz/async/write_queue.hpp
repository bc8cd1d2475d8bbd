/// The operations on one asynchronous writer, in the order in which they were initiated, and the slices that the
/// workers pack for them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "mrcz/array/borrowed.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/job.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/ordered_window.hpp"
#include "mrcz/format/header_fields.hpp"
#include "mrcz/writer.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

/// Slices that have been admitted to the window of a writer and are not in the file yet.
struct window_content {
  std::size_t slices = 0;  ///< how many
  std::size_t bytes = 0;   ///< as `window::bytes` counts them
};

namespace detail {

/// Slices that were appended, and the owner of the memory that they refer to.
struct shared_slices {
  slices all;
  std::shared_ptr<const void> owner;
  bool borrowed = false;  ///< they refer to memory of the caller, too
};

template <appendable Array>
shared_slices shared(Array voxels) {
  auto array = share(std::move(voxels));
  const auto all = slices_of(*array);
  return {all, std::move(array), is_borrowed<Array>};
}

/// A slice on its way into the file.
struct appended_slice {
  shared_slices from;
  std::size_t z;              ///< its number in `from`
  std::size_t index;          ///< its number in the file
  evaluated_slice evaluated;  ///< empty until it is evaluated
};

/// Shared by an `async::writer` and the work that it has posted. Thread-safe.
///
///     append, flush, close          executors                            handlers
///            |                          ^                                   ^
///            v                          | evaluate, pack, put, publish      | complete
///      +-----------+   admit    +---------------+   in order            +-------+
///      |  waiting  | ---------> |    window     | --------------------> | file  |
///      +-----------+            +---------------+                       +-------+
///
/// Only the operation that waits longest admits slices. `pump` does what can be done next until nothing is left to do:
/// it posts work and completes operations, one thread at a time and without the mutex. So neither an executor nor
/// memory that is freed can disturb the order or block others.
///
/// The window bounds the memory: its slices as they were appended, and at most as much again for their packed bytes. A
/// volume is an exception. It stays in memory until its last slice is packed, or until its last slice is put if the
/// slices are stored directly from the volume.
///
/// If slices refer to memory of the caller, nothing completes after the end of the file until no worker is busy.
class write_queue : public std::enable_shared_from_this<write_queue> {
 public:
  /// `to_create` is the path of the file if `out` has none yet. Then `start` posts its creation.
  MRCZ_INLINE write_queue(asio::any_io_executor workers, mrcz::writer out, const window& wanted,
                          std::optional<std::filesystem::path> to_create = std::nullopt);

  MRCZ_INLINE void start() noexcept { pump(); }

  const asio::any_io_executor& workers() const noexcept { return workers_; }

  MRCZ_INLINE header_fields& header();

  enum class kind : std::uint8_t { append, flush, close };

  /// An operation on the writer.
  struct request : operation {
    kind what = kind::append;
    bool of_whole_file = false;  // an append that then closes. Nobody else knows the file
    std::uint64_t number = 0;
    std::exception_ptr failure;
    shared_slices from{};      // of an append, until its last slice is admitted
    std::size_t slices = 0;    // of an append
    std::size_t admitted = 0;  // how many of them
    std::shared_ptr<void> result;
    std::size_t end = 0;  // of a flush: it waits for the slices before this index
  };

  // The operations. They do not throw: what is wrong reaches the handler.

  MRCZ_INLINE void append(shared_slices from, completion<request> who) noexcept;

  /// Completes when the file is there and each slice that was appended before is in it. Keeps the result of the
  /// operation until then.
  MRCZ_INLINE void flush(completion<request> who, std::shared_ptr<void> result = nullptr) noexcept;

  MRCZ_INLINE void close(completion<request> who) noexcept;

  /// Appends and closes. Until the file is being published, any failure or cancellation ends it.
  MRCZ_INLINE void write(shared_slices from, completion<request> who) noexcept;

  /// Admits an image like this one if it need not wait, and returns its index. Then `fill` or `fail_at` must follow.
  /// Returns nothing if it would have to wait. Throws what is wrong with the image or the writer.
  MRCZ_INLINE std::optional<std::size_t> reserve(const slices& like);
  MRCZ_INLINE void fill(std::size_t index, shared_slices from) noexcept;
  MRCZ_INLINE void fail_at(std::size_t index, std::exception_ptr failure) noexcept;

  /// Cancels every operation that has not been completed, or the one with this number, as far as this type allows.
  MRCZ_INLINE void cancel(asio::cancellation_type type, std::optional<std::uint64_t> number = std::nullopt) noexcept;

  /// Ends without publishing. Queued work does nothing any more, and the file is removed on the executor of the disk.
  /// If slices may refer to memory of the caller, waits for the busy workers. Does nothing once the file is being
  /// published.
  MRCZ_INLINE void abandon() noexcept;

  MRCZ_INLINE std::size_t size() const;
  MRCZ_INLINE window_content in_window() const;
  MRCZ_INLINE std::filesystem::path partial_path() const;

 private:
  using requests = operation_queue<request>;
  struct step;
  class work;
  class busy_worker;
  class shared_packing;
  class cancellation;

  /// A packed slice that waits until the slices before it are put.
  struct packed_shared {
    packed_slice slice;
    std::shared_ptr<const void> owner;  // of the voxels, if the slice borrows them
  };

  MRCZ_INLINE void add(completion<request> one) noexcept;
  MRCZ_INLINE bool has_failed() const noexcept;
  MRCZ_INLINE void require_open();
  MRCZ_INLINE slice_format checked_format(const slices& all) const;
  MRCZ_INLINE bool is_evaluated_in_turn(const slices& all, std::size_t z) const noexcept;

  // What is done next. The mutex is locked, but not while a step is carried out.
  MRCZ_INLINE void pump() noexcept;
  MRCZ_INLINE void find_next(step& next);
  MRCZ_INLINE bool serve_file(step& next);
  MRCZ_INLINE bool serve_first(step& next);
  MRCZ_INLINE void tell_first();
  MRCZ_INLINE void finish(completion<request> one, std::exception_ptr failure) noexcept;
  MRCZ_INLINE void cancel_waiting(asio::cancellation_type type, std::optional<std::uint64_t> number) noexcept;
  MRCZ_INLINE bool may_cancel(const request& one, asio::cancellation_type type) noexcept;
  MRCZ_INLINE void end() noexcept;

  // On the workers, or on the executor of the disk
  MRCZ_INLINE bool enter() noexcept;
  MRCZ_INLINE bool enter_for(std::size_t index) noexcept;
  MRCZ_INLINE void create_file();
  MRCZ_INLINE void evaluate(appended_slice& slice);
  MRCZ_INLINE bool is_one_alone() const noexcept;
  MRCZ_INLINE void pack(appended_slice& slice);
  MRCZ_INLINE void packed(appended_slice& slice, packed_slice&& made);
  MRCZ_INLINE void put_all();
  MRCZ_INLINE void publish();
  MRCZ_INLINE void fail_file(std::exception_ptr failure) noexcept;

  asio::any_io_executor workers_;
  asio::any_io_executor disk_;
  bool puts_while_packing_;  // no: only the executor of the disk puts
  std::string name_;
  bool parallel_evaluation_;
  std::optional<mrcz::mode> mode_;

  mutable std::mutex mutex_;
  std::optional<mrcz::writer> out_;
  std::filesystem::path partial_path_;
  std::optional<std::filesystem::path> to_create_;
  requests waiting_;   // the first one is served
  requests flushing_;  // flushes that wait for slices in the window
  requests finished_;  // they are completed next
  std::atomic<std::uint64_t> next_number_ = 0;
  std::optional<slice_format> format_;  // of all slices, once one is accepted
  ordered_window<packed_shared> window_;
  std::exception_ptr failure_;  // of the file itself: nobody has been told yet
  std::size_t found_;           // slices in the file when this writer took it over
  std::size_t busy_ = 0;        // workers that use out_
  std::condition_variable idle_;
  bool created_;
  bool creating_ = false;
  bool evaluating_ = false;  // a slice that must be evaluated before later ones
  bool putting_ = false;
  bool publishing_ = false;
  bool ended_ = false;    // closed, failed and told so, or given up
  bool borrows_ = false;  // slices that were appended refer to memory of the caller
  bool pumping_ = false;
};

}  // namespace detail

}  // namespace mrcz::async::inline MRCZ_ASIO

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/write_queue.ipp"
#endif
