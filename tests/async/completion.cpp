#include "mrcz/async/completion.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>
#include <asio/detached.hpp>

#include "mrcz/async/read.hpp"
#include "mrcz/async/reader.hpp"
#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/read.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/async/tokens.hpp"

using namespace test;
namespace async = mrcz::async;

TEST_CASE("a writer, a reader and a stream of another executor await on that one") {
  const scratch_folder folder;
  asio::thread_pool pool{2};
  using executor = asio::thread_pool::executor_type;
  using pool_writer = async::writer::rebind_executor<executor>::other;
  static_assert(std::is_same_v<pool_writer::executor_type, executor>);
  auto work = [](executor on, std::filesystem::path path) -> asio::awaitable<std::size_t, executor> {
    pool_writer out{on, path};
    co_await out.append(frame(0));
    co_await out.close();
    const async::basic_reader<executor> in{on, path};
    auto slices = in.slices<float>();
    std::size_t count = 0;
    while (co_await slices.next()) ++count;
    CHECK(out.get_executor() == on);
    CHECK(in.get_executor() == on);
    CHECK(slices.get_executor() == on);
    co_return count;
  };
  CHECK(asio::co_spawn(pool, work(pool.get_executor(), folder / "a.mrcz"), asio::use_future).get() == 1);
}

namespace {

struct memory_count {
  std::atomic<std::size_t> allocations = 0;
  std::atomic<std::ptrdiff_t> bytes = 0;
};

/// Counts what is allocated. A copy that was moved from cannot be used any more.
template <class T>
class counting_allocator {
 public:
  using value_type = T;

  explicit counting_allocator(std::shared_ptr<memory_count> count) : count_{std::move(count)} {}
  template <class Other>
  explicit counting_allocator(const counting_allocator<Other>& other) : count_{other.count()} {}

  T* allocate(std::size_t n) {
    ++count_->allocations;
    count_->bytes += static_cast<std::ptrdiff_t>(n * sizeof(T));
    return std::allocator<T>{}.allocate(n);
  }
  void deallocate(T* memory, std::size_t n) {
    count_->bytes -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>{}.deallocate(memory, n);
  }

  const std::shared_ptr<memory_count>& count() const { return count_; }
  template <class Other>
  bool operator==(const counting_allocator<Other>& other) const {
    return count_ == other.count();
  }

 private:
  std::shared_ptr<memory_count> count_;
};

/// A handler with memory of its own.
template <class Handler>
class with_memory {
 public:
  using allocator_type = counting_allocator<void>;

  with_memory(Handler handler, std::shared_ptr<memory_count> count)
      : handler_{std::move(handler)}, memory_{std::move(count)} {}
  allocator_type get_allocator() const { return memory_; }
  template <class... T>
  void operator()(T&&... arguments) {
    handler_(std::forward<T>(arguments)...);
  }

 private:
  Handler handler_;
  allocator_type memory_;
};

}  // namespace

TEST_CASE("what a writer and a stream note about an operation lies in memory of the allocator of its handler") {
  const scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", movie(3));
  asio::io_context workers;
  async::writer out{workers.get_executor(), folder / "a.mrcz"};
  auto slices = async::reader{workers.get_executor(), folder / "movie.mrcz"}.slices<float>();
  calls<> flushed;
  calls<std::optional<mrcz::image<float>>> taken;
  const auto written = std::make_shared<memory_count>();
  const auto read = std::make_shared<memory_count>();
  out.flush(with_memory{noting(flushed), written});
  slices.next(with_memory{noting(taken), read});
  CHECK(written->allocations == 1);
  CHECK(written->bytes >= static_cast<std::ptrdiff_t>(sizeof(async::detail::write_queue::request)));
  CHECK(read->allocations == 1);
  CHECK(read->bytes >= static_cast<std::ptrdiff_t>(sizeof(async::detail::read_queue::taking)));
  workers.run();
  CHECK(flushed.succeeded());
  CHECK(taken.succeeded());
  CHECK(written->bytes == 0);
  CHECK(read->bytes == 0);
}

TEST_CASE(
    "handlers are kept in memory of their allocator, which gets all of it back, completed, cancelled or dropped") {
  for (const int ending : {0, 1, 2}) {
    const scratch_folder folder;
    const auto memory = std::make_shared<memory_count>();
    calls<> appended;
    calls<> closed;
    calls<mrcz::volume<float>> read;
    calls<std::optional<mrcz::image<std::int16_t>>> taken;
    {
      mrcz::write(folder / "movie.mrcz", movie(3));
      asio::io_context workers;
      auto slices = async::reader{workers.get_executor(), folder / "movie.mrcz"}.slices<std::int16_t>();
      async::writer out{workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 1}};
      out.append(frame(0), asio::detached);
      out.append(frame(1), with_memory{noting(appended), memory});
      out.close(with_memory{noting(closed), memory});
      async::read<float>(workers.get_executor(), folder / "a.mrcz", with_memory{noting(read), memory});
      slices.next(with_memory{noting(taken), memory});
      CHECK(memory->allocations >= 4);
      CHECK(memory->bytes > 0);
      if (ending == 1) {
        out.cancel();
        slices.cancel();
      }
      if (ending < 2) workers.run();
    }
    CHECK(appended.count == (ending < 2 ? 1 : 0));
    CHECK(closed.count == (ending < 2 ? 1 : 0));
    CHECK(read.count == (ending < 2 ? 1 : 0));
    CHECK(taken.count == (ending < 2 ? 1 : 0));
    CHECK(memory->bytes == 0);
  }
}

TEST_CASE("after a failure the result is one that was default-constructed") {
  const scratch_folder folder;
  asio::io_context workers;
  calls<async::writer> created;
  calls<async::writer> continued;
  calls<async::reader> opened;
  calls<mrcz::volume<float>> read;
  async::create(workers.get_executor(), folder / "no/where.mrcz", noting(created));
  async::append_to(workers.get_executor(), folder / "no.mrcz", noting(continued));
  async::open(workers.get_executor(), folder / "no.mrcz", noting(opened));
  async::read<float>(workers.get_executor(), folder / "no.mrcz", noting(read));
  workers.run();
  CHECK(created.failed_with(std::errc::no_such_file_or_directory));
  CHECK(continued.failed_with(std::errc::no_such_file_or_directory));
  CHECK(opened.failed_with(std::errc::no_such_file_or_directory));
  CHECK(read.failed_with(std::errc::no_such_file_or_directory));
  CHECK(failure_of([&] { static_cast<void>(std::get<0>(*created.result).get_executor()); }));
  CHECK(failure_of([&] { static_cast<void>(std::get<0>(*continued.result).get_executor()); }));
  CHECK(failure_of([&] { static_cast<void>(std::get<0>(*opened.result).get_executor()); }));
  CHECK(std::get<0>(*read.result).size() == 0);
}

TEST_CASE("the context of a handler has outstanding work until the handler was called") {
  const scratch_folder folder;
  asio::io_context caller;
  asio::io_context workers;
  calls<> appended;
  {
    async::writer out{workers.get_executor(), folder / "a.mrcz", {}, nullptr, {.slices = 1}};
    out.append(frame(0), asio::detached);
    out.append(frame(1), noting(appended, caller.get_executor()));
    caller.poll();
    CHECK_FALSE(caller.stopped());
    CHECK(appended.count == 0);
    workers.poll();
    caller.run();
    CHECK(appended.succeeded());
    CHECK(caller.stopped());
  }
}

TEST_CASE("an executor that refuses a handler drops it, and the writer goes on") {
  const scratch_folder folder;
  asio::io_context caller;
  asio::io_context workers;
  calls<> dropped;
  calls<> closed;
  auto alive = std::make_shared<int>();
  async::writer out{workers.get_executor(), folder / "a.mrcz"};
  out.append(frame(0), asio::bind_executor(refusing_executor{caller, 0},
                                           [&, alive](const std::exception_ptr&) { ++dropped.count; }));
  out.append(frame(1), noting(closed));
  out.close(noting(closed));
  workers.run();
  caller.run();
  CHECK(dropped.count == 0);
  CHECK(alive.use_count() == 1);
  CHECK(closed.count == 2);
  CHECK_FALSE(closed.code);
  CHECK(mrcz::read<std::int16_t>(folder / "a.mrcz") == movie(2));
}
