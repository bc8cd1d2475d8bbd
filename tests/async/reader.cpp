#include "mrcz/async/reader.hpp"

#include <complex>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/io/memory.hpp"
#include "mrcz/write.hpp"
#include "tests/async/support.hpp"
#include "tests/whole_files.hpp"

namespace {

asio::awaitable<mrcz::volume<float>> some_slices(asio::any_io_executor workers, std::filesystem::path path) {
  const auto in = co_await mrcz::async::open(workers, path, {.threads = 7});
  co_return co_await in.read_slices<float>({.first = 2, .count = 3});
}

template <class T>
asio::awaitable<mrcz::volume<T>> all_of(asio::any_io_executor workers, test::bytes file) {
  const mrcz::async::reader in{workers, std::make_unique<mrcz::memory_source>(std::move(file))};
  co_return co_await in.read<T>();
}

}  // namespace

TEST_CASE("opening on the workers gives the header and everything that needs no voxels") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(5), {}, {{"dose", 1.5}});
  asio::thread_pool workers{1};
  const auto in = test::run(mrcz::async::open(workers.get_executor(), folder / "movie.mrcz"));
  CHECK(in.file().shape() == mrcz::shape{5, 12, 17});
  CHECK(in.file().metadata().at("dose") == 1.5);
}

TEST_CASE("slices of a range are read into one volume") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(6));
  asio::thread_pool workers{2};
  const mrcz::volume<float> expected = xt::cast<float>(xt::view(test::movie(6), xt::range(2, 5), xt::all(), xt::all()));
  CHECK(test::run(some_slices(workers.get_executor(), folder / "movie.mrcz")) == expected);
}

TEST_CASE("voxels that xtensor zeroes first are read all the same") {
  const auto voxels = test::counts<std::complex<float>>({4, 5, 6});
  asio::thread_pool workers{2};
  CHECK(test::run(all_of<std::complex<float>>(workers.get_executor(), test::file_with(voxels))) == voxels);
}

TEST_CASE("a damaged slice is named") {
  auto file = test::file_with(test::movie(4), {.compression = {.codec = mrcz::codec::zstd}});
  const auto place = test::reader_of(file).slices()[2];
  file[static_cast<std::size_t>(place.offset)] = std::byte{99};  // the version of the chunk
  asio::thread_pool workers{2};
  const auto failure =
      test::failure_of([&] { test::run(all_of<std::int16_t>(workers.get_executor(), std::move(file))); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_chunk);
  CHECK(failure->mentions("(slice 2, byte "));
}

TEST_CASE("opening and reading can be cancelled before the workers begin, and leave them nothing to do") {
  const test::scratch_folder folder;
  mrcz::write(folder / "movie.mrcz", test::movie(5));
  for (const bool open_first : {false, true}) {
    asio::io_context context;
    asio::io_context workers;
    asio::cancellation_signal cancel;
    auto result = test::spawn(context, some_slices(workers.get_executor(), folder / "movie.mrcz"), cancel.slot());
    context.poll();
    if (open_first) {
      workers.run_one();
      context.poll();
    }
    cancel.emit(asio::cancellation_type::terminal);
    context.run();
    const auto failure = test::failure_of([&] { result.get(); });
    REQUIRE(failure);
    CHECK(failure->code == asio::error::operation_aborted);
    workers.run();
  }
}

namespace {

/// Which threads have read. Thread-safe.
class reading_threads {
 public:
  void note() {
    const std::lock_guard lock{mutex_};
    ids_.insert(std::this_thread::get_id());
  }
  /// Returns whether the calling thread has read, and forgets all of them.
  bool forget() {
    const std::lock_guard lock{mutex_};
    return std::exchange(ids_, {}).contains(std::this_thread::get_id());
  }

 private:
  std::mutex mutex_;
  std::set<std::thread::id> ids_;
};

/// Passes reads on to another source and notes on which threads.
class noting_source final : public mrcz::byte_source {
 public:
  noting_source(test::bytes&& content, reading_threads& seen) : content_{std::move(content)}, seen_{&seen} {}
  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    seen_->note();
    content_.read_at(offset, into);
  }
  std::string name() const override { return "noted"; }

 private:
  mrcz::memory_source content_;
  reading_threads* seen_;
};

}  // namespace

TEST_CASE("once a file is open, only the workers read from it") {
  asio::thread_pool workers{2};
  for (const bool incomplete : {false, true}) {
    auto file = test::file_with(test::movie(5), {.compression = {.codec = mrcz::codec::lz4}});
    if (incomplete) file.resize(file.size() - 1);
    const std::size_t slices = incomplete ? 4 : 5;
    reading_threads seen;
    const auto opened = [&] {
      mrcz::async::reader in{
          workers.get_executor(), std::make_unique<noting_source>(test::bytes{file}, seen), {.incomplete = incomplete}};
      CHECK(seen.forget());
      return in;
    };
    CHECK(test::run(opened().read<std::int16_t>()) == test::movie(slices));
    CHECK_FALSE(seen.forget());
    CHECK(test::run(opened().read_slice<std::int16_t>(2)) == test::frame(2));
    CHECK_FALSE(seen.forget());
    auto stream = opened().slices<std::int16_t>({.first = 3});
    CHECK(test::run(stream.next()) == test::frame(3));
    CHECK_FALSE(seen.forget());
    CHECK(opened().file().shape() == mrcz::shape{slices, 12, 17});
    CHECK_FALSE(seen.forget());
  }
}

TEST_CASE("reading ahead by nothing is refused") {
  asio::thread_pool workers{1};
  const mrcz::async::reader in{workers.get_executor(),
                               std::make_unique<mrcz::memory_source>(test::file_with(test::movie(2)))};
  const auto failure = test::failure_of([&] { static_cast<void>(in.slices<float>({}, {.slices = 0})); });
  REQUIRE(failure);
  CHECK(failure->code == mrcz::errc::bad_option);
}

namespace {

/// The errors that the coroutine members throw from the `co_await`.
asio::awaitable<std::vector<std::error_code>> codes_of(const mrcz::async::reader& in) {
  std::vector<std::error_code> seen;
  auto all = in.read<float>();
  auto some = in.read_slices<float>({.first = 0, .count = 1});
  for (auto* operation : {&all, &some}) {
    try {
      static_cast<void>(co_await std::move(*operation));
    } catch (const mrcz::error& e) {
      seen.push_back(e.code());
    }
  }
  auto one = in.read_slice<float>(0);
  try {
    static_cast<void>(co_await std::move(one));
  } catch (const mrcz::error& e) {
    seen.push_back(e.code());
  }
  co_return seen;
}

}  // namespace

TEST_CASE("a reader that is default-constructed, or was moved from, is closed") {
  asio::thread_pool workers{1};
  mrcz::async::reader moved{workers.get_executor(),
                            std::make_unique<mrcz::memory_source>(test::file_with(test::movie(2)))};
  const mrcz::async::reader in{std::move(moved)};
  const mrcz::async::reader none;
  for (const auto* reader : {&none, static_cast<const mrcz::async::reader*>(&moved)}) {
    CHECK(test::run(codes_of(*reader)) == std::vector<std::error_code>(3, make_error_code(mrcz::errc::closed)));
    CHECK(test::failure_of([&] { static_cast<void>(reader->file()); })->code == mrcz::errc::closed);
    CHECK(test::failure_of([&] { static_cast<void>(reader->slices<float>()); })->code == mrcz::errc::closed);
  }
  CHECK(test::run(in.read<std::int16_t>()) == test::movie(2));
}
