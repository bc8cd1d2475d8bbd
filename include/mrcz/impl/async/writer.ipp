/// Definitions of `async/writer.hpp`.
#pragma once

#include "mrcz/async/writer.hpp"

namespace mrcz::async {

namespace detail {

/// Abandons the file in its destructor, unless `done` was called.
class close_unless_done {
 public:
  explicit close_unless_done(std::shared_ptr<write_window> work) : work_{std::move(work)} {}
  close_unless_done(const close_unless_done&) = delete;
  close_unless_done& operator=(const close_unless_done&) = delete;
  ~close_unless_done() {
    if (work_) work_->abandon();
  }
  void done() noexcept { work_.reset(); }

 private:
  std::shared_ptr<write_window> work_;
};

// The work that coroutines give to the workers. These are classes with names because g++ 12 warns about lambdas in
// coroutines that are not inline.

class evaluating {
 public:
  evaluating(std::shared_ptr<write_window> work, appended_slice& slice) : work_{std::move(work)}, slice_{&slice} {}
  void operator()() const { work_->evaluate(*slice_); }

 private:
  std::shared_ptr<write_window> work_;
  appended_slice* slice_;
};

class publishing {
 public:
  explicit publishing(std::shared_ptr<write_window> work) : work_{std::move(work)} {}
  void operator()() const { work_->publish(); }

 private:
  std::shared_ptr<write_window> work_;
};

}  // namespace detail

MRCZ_INLINE asio::awaitable<void> writer::append_slices(std::shared_ptr<detail::write_window> work,
                                                        detail::shared_slices from) {
  const detail::write_window::turn mine{opened(work)};
  work->require_slices(from.all);
  const std::size_t bytes = work->bytes_of(from.all);
  detail::close_unless_done guard{work};
  for (std::size_t z = 0; z < from.all.extents[0]; ++z) {
    auto index = work->admit(bytes);
    for (; !index; index = work->admit(bytes)) co_await work->change(bytes);
    detail::appended_slice slice{from, z, *index, {}};
    if (work->is_evaluated_in_turn(from.all, z)) {
      detail::evaluating evaluate{work, slice};
      co_await offload(work->workers(), std::move(evaluate));
    }
    work->pack(std::move(slice));
  }
  guard.done();
}

MRCZ_INLINE asio::awaitable<void> writer::close_it(std::shared_ptr<detail::write_window> work) {
  const detail::write_window::turn mine{opened(work)};
  const detail::close_unless_done guard{work};
  while (!work->drained()) co_await work->change(std::nullopt);
  detail::publishing publish{work};
  co_await offload(work->workers(), std::move(publish));
}

}  // namespace mrcz::async
