#include "mrcz/async/asio.hpp"

#include <utility>

#include <doctest/doctest.h>
#include <asio/io_context.hpp>

#include "tests/async/support.hpp"

namespace mrcz::detail {

inline int floors_below_coroutines() { return 5; }

}  // namespace mrcz::detail

namespace {

/// Counts how it ended.
class reported_work {
 public:
  reported_work(int& done, int& reported) : done_{&done}, reported_{&reported} {}
  reported_work(reported_work&& other) noexcept
      : done_{std::exchange(other.done_, nullptr)}, reported_{other.reported_} {}
  reported_work& operator=(reported_work&&) = delete;
  ~reported_work() {
    if (done_ != nullptr) ++*reported_;
  }
  void operator()() { ++*std::exchange(done_, nullptr); }

 private:
  int* done_;
  int* reported_;
};

}  // namespace

TEST_CASE("internal names of the library are found among those of coroutines") {
  CHECK(mrcz::async::detail::floors_below_coroutines() == 5);
}

TEST_CASE("work is done or reports that it was not, whether the executor takes it, refuses it, or is destroyed") {
  int done = 0;
  int reported = 0;
  {
    asio::io_context context;
    mrcz::async::detail::post_reporting(context.get_executor(), reported_work{done, reported});
    CHECK(done == 0);
    context.run();
    CHECK(done == 1);
    mrcz::async::detail::post_reporting(test::refusing_executor{context, 0}, reported_work{done, reported});
    CHECK(reported == 1);
    mrcz::async::detail::post_reporting(context.get_executor(), reported_work{done, reported});
    CHECK(reported == 1);
  }
  CHECK(reported == 2);
  CHECK(done == 1);
}
