/// Definitions of `async/writer.hpp`.
#pragma once

#include "mrcz/async/writer.hpp"

namespace mrcz::async {

namespace detail {

/// Closes the writer unless what was begun has been done.
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

}  // namespace detail

MRCZ_INLINE asio::awaitable<void> writer::append_slices(std::shared_ptr<write_window> work, shared_slices from) {
  const write_window::turn mine{opened(work)};
  work->require_slices(from.all);
  const std::size_t bytes = work->bytes_of(from.all);
  detail::close_unless_done guard{work};
  for (std::size_t z = 0; z < from.all.extents[0]; ++z) {
    auto index = work->admit(bytes);
    for (; !index; index = work->admit(bytes)) co_await work->change(bytes);
    if (work->is_evaluated_in_turn(from.all, z)) {
      auto evaluate = [work, from, z, i = *index] { return work->evaluate(from, z, i); };
      auto slice = co_await offload(work->workers(), std::move(evaluate));
      work->pack(std::move(slice), 0, *index);
    } else {
      work->pack(from, z, *index);
    }
  }
  guard.done();
}

MRCZ_INLINE asio::awaitable<void> writer::close_it(std::shared_ptr<write_window> work) {
  const write_window::turn mine{opened(work)};
  const detail::close_unless_done guard{work};
  while (!work->drained()) co_await work->change(std::nullopt);
  auto publish = [work] { work->publish(); };
  co_await offload(work->workers(), std::move(publish));
}

}  // namespace mrcz::async
