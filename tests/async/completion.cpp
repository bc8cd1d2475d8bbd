#include "mrcz/async/completion.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>
#include <asio/detached.hpp>
#include <asio/strand.hpp>

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

namespace {

/// What operations work on: a file of three frames, and writers and streams that live until the workers are done.
class workshop {
 public:
  workshop() { mrcz::write(file(), movie(3)); }
  ~workshop() { workers_.join(); }
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  asio::any_io_executor workers() { return workers_.get_executor(); }
  asio::thread_pool& pool() { return workers_; }
  std::filesystem::path file() const { return folder_ / "movie.mrcz"; }
  std::filesystem::path new_file() { return folder_ / (std::to_string(++files_) + ".mrcz"); }
  async::writer& new_writer() { return writers_.emplace_back(workers(), new_file()); }
  async::writer& writer_of_one_frame() {
    auto& out = new_writer();
    out.append(frame(0), asio::detached);
    return out;
  }
  async::reader reader() { return {workers(), file()}; }
  async::slice_stream<std::int16_t>& new_stream() { return streams_.emplace_back(reader().slices<std::int16_t>()); }

 private:
  scratch_folder folder_;
  int files_ = 0;
  asio::thread_pool workers_{2};
  std::deque<async::writer> writers_;
  std::deque<async::slice_stream<std::int16_t>> streams_;
};

/// Hands the arguments of a handler to a future, and can only be moved.
template <class... Result>
class promising {
 public:
  std::future<std::tuple<Result...>> get_future() { return promise_.get_future(); }
  void operator()(std::exception_ptr failure, Result... result) {
    if (failure) promise_.set_exception(std::move(failure));
    else promise_.set_value({std::move(result)...});
  }

 private:
  std::promise<std::tuple<Result...>> promise_;
};

/// Starts an operation with each kind of token. `start(tokens...)` starts it, and `check(result...)` checks a result.
template <class... Result, class Start, class Check>
void with_each_token(workshop& shop, Start start, Check check) {
  SUBCASE("awaited by default") {
    if constexpr (sizeof...(Result) == 0) run(start());
    else check(run(start()));
  }
  SUBCASE("a future") {
    if constexpr (sizeof...(Result) == 0) start(asio::use_future).get();
    else check(start(asio::use_future).get());
  }
  SUBCASE("a handler that can only be moved") {
    promising<Result...> handler;
    auto done = handler.get_future();
    start(std::move(handler));
    std::apply(check, done.get());
  }
  SUBCASE("a handler with a name, on a strand of the pool") {
    const auto strand = asio::make_strand(shop.pool());
    std::promise<bool> there;
    const auto handler = [&](std::exception_ptr failure, const Result&...) {
      there.set_value(!failure && strand.running_in_this_thread());
    };
    const auto bound = asio::bind_executor(strand, handler);
    start(bound);
    CHECK(there.get_future().get());
  }
  SUBCASE("a handler with a cancellation slot, and one without an executor runs on the workers") {
    asio::cancellation_signal signal;
    promising<Result...> handler;
    auto done = handler.get_future();
    start(asio::bind_cancellation_slot(
        signal.slot(), [&, inner = std::move(handler)](std::exception_ptr failure, Result... result) mutable {
          if (!shop.pool().get_executor().running_in_this_thread()) failure = std::make_exception_ptr(0);
          inner(std::move(failure), std::move(result)...);
        }));
    std::apply(check, done.get());
  }
  SUBCASE("nobody waits") { start(asio::detached); }
  SUBCASE("deferred: nothing begins before it is launched") {
    auto operation = start(deferred);
    promising<Result...> handler;
    auto done = handler.get_future();
    std::move(operation)(std::move(handler));
    std::apply(check, done.get());
  }
  SUBCASE("a tuple with the failure, in a handler") {
    std::promise<std::tuple<std::exception_ptr, Result...>> promise;
    start(as_tuple(
        [&](std::tuple<std::exception_ptr, Result...> arguments) { promise.set_value(std::move(arguments)); }));
    auto arguments = promise.get_future().get();
    CHECK_FALSE(std::get<0>(arguments));
    std::apply([&](const std::exception_ptr&, const auto&... result) { check(result...); }, arguments);
  }
  SUBCASE("a tuple with the failure, awaited") {
    auto arguments = run(start(as_tuple(asio::use_awaitable)));
    CHECK_FALSE(std::get<0>(arguments));
    std::apply([&](const std::exception_ptr&, const auto&... result) { check(result...); }, arguments);
  }
}

const auto nothing = [] {};
const auto is_movie = [](const mrcz::volume<std::int16_t>& found) { CHECK(found == movie(3)); };
const auto is_frame = [](const mrcz::image<std::int16_t>& found) { CHECK(found == frame(1)); };

}  // namespace

TEST_CASE("append takes each token") {
  workshop shop;
  with_each_token(
      shop,
      [&](auto&&... token) { return shop.new_writer().append(frame(0), std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("flush takes each token") {
  workshop shop;
  with_each_token(
      shop, [&](auto&&... token) { return shop.writer_of_one_frame().flush(std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("close takes each token") {
  workshop shop;
  with_each_token(
      shop, [&](auto&&... token) { return shop.writer_of_one_frame().close(std::forward<decltype(token)>(token)...); },
      nothing);
}

TEST_CASE("write takes each token") {
  workshop shop;
  with_each_token(
      shop,
      [&](auto&&... token) {
        return async::write(shop.workers(), shop.new_file(), movie(2), std::forward<decltype(token)>(token)...);
      },
      nothing);
}

TEST_CASE("create takes each token") {
  workshop shop;
  with_each_token<async::writer>(
      shop,
      [&](auto&&... token) {
        return async::create(shop.workers(), shop.new_file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::writer& out) { CHECK(out.size() == 0); });
}

TEST_CASE("append_to takes each token") {
  workshop shop;
  with_each_token<async::writer>(
      shop,
      [&](auto&&... token) {
        return async::append_to(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::writer& out) { CHECK(out.size() == 3); });
}

TEST_CASE("open takes each token") {
  workshop shop;
  with_each_token<async::reader>(
      shop,
      [&](auto&&... token) {
        return async::open(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      [](const async::reader& in) { CHECK(in.file().shape()[0] == 3); });
}

TEST_CASE("next takes each token") {
  workshop shop;
  with_each_token<std::optional<mrcz::image<std::int16_t>>>(
      shop, [&](auto&&... token) { return shop.new_stream().next(std::forward<decltype(token)>(token)...); },
      [](const std::optional<mrcz::image<std::int16_t>>& slice) { CHECK(slice == frame(0)); });
}

TEST_CASE("read takes each token") {
  workshop shop;
  with_each_token<mrcz::volume<std::int16_t>>(
      shop,
      [&](auto&&... token) {
        return async::read<std::int16_t>(shop.workers(), shop.file(), std::forward<decltype(token)>(token)...);
      },
      is_movie);
}

TEST_CASE("read_slice takes each token") {
  workshop shop;
  with_each_token<mrcz::image<std::int16_t>>(
      shop,
      [&](auto&&... token) {
        return async::read_slice<std::int16_t>(shop.workers(), shop.file(), 1, std::forward<decltype(token)>(token)...);
      },
      is_frame);
}

// The reads of a reader differ in what they read, and share how they complete. So two kinds of token are enough.

TEST_CASE("the reads of a reader take tokens") {
  workshop shop;
  const auto in = shop.reader();
  is_movie(in.read<std::int16_t>(asio::use_future).get());
  is_movie(run(in.read<std::int16_t>()));
  is_movie(in.read_slices<std::int16_t>({}, asio::use_future).get());
  is_movie(run(in.read_slices<std::int16_t>({})));
  is_movie(in.read_region<std::int16_t>({}, asio::use_future).get());
  is_movie(run(in.read_region<std::int16_t>({})));
  is_frame(in.read_slice<std::int16_t>(1, asio::use_future).get());
  is_frame(run(in.read_slice<std::int16_t>(1)));
  CHECK(in.read_frame<std::int16_t>(0, asio::use_future).get().shape()[0] ==
        run(in.read_frame<std::int16_t>(0)).shape()[0]);
}

TEST_CASE("a token may follow any of the defaulted arguments") {
  workshop shop;
  const auto ex = shop.workers();
  async::write(ex, shop.new_file(), frame(0), {.statistics = false}, asio::use_future).get();
  async::write(ex, shop.new_file(), frame(0), {}, mrcz::metadata{{"a", 1}}, asio::use_future).get();
  async::write(ex, shop.new_file(), frame(0), {}, nullptr, {.slices = 1}, asio::use_future).get();
  static_cast<void>(async::create(ex, shop.new_file(), {.statistics = false}, asio::use_future).get());
  static_cast<void>(async::create(ex, shop.new_file(), {}, mrcz::metadata{{"a", 1}}, asio::use_future).get());
  static_cast<void>(async::create(ex, shop.new_file(), {}, nullptr, {.slices = 1}, asio::use_future).get());
  static_cast<void>(async::append_to(ex, shop.file(), {.statistics = false}, asio::use_future).get());
  static_cast<void>(async::open(ex, shop.file(), {.byte_order = std::endian::little}, asio::use_future).get());
  is_movie(async::read<std::int16_t>(ex, shop.file(), {.signed_bytes = true}, asio::use_future).get());
  is_frame(async::read_slice<std::int16_t>(ex, shop.file(), 1, {.signed_bytes = true}, asio::use_future).get());
}

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
