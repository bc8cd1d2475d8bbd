// What do coroutines cost, and how long do they hold up the producer of frames?
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "harness.hpp"
#include "movies.hpp"
#include "mrcz/async/write.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/write.hpp"

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::size_t pool_threads = 2;

mrcz::write_options options_for(mrcz::codec codec, int level) {
  return {.compression = {.codec = codec, .level = level}, .durability = mrcz::durability::none};
}

template <class T>
void measure_throughput(const benchmark::settings& s, benchmark::table& t, const std::string& name,
                        const mrcz::volume<T>& movie, const mrcz::write_options& options) {
  const auto path = s.folder / "movie.mrcz";
  const auto remove = [&] { std::filesystem::remove(path); };
  asio::thread_pool pool{std::max(std::thread::hardware_concurrency(), 1U)};
  const auto ex = pool.get_executor();
  const auto times = benchmark::measure(
      s, {{"write", [&] { mrcz::write(path, movie, options); }, remove},
          {"async::write",
           [&] {
             asio::co_spawn(ex, mrcz::async::write(ex, path, mrcz::borrowed(movie), options), asio::use_future).get();
           },
           remove}});
  const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
  t.row(name, {megabytes / times[0], megabytes / times[1], times[0] / times[1]});
  t.target(name + ": async::write/write", times[0] / times[1], 0.95);
}

asio::awaitable<void> append_all(mrcz::async::writer& out, std::vector<mrcz::image<std::int16_t>>& frames,
                                 std::vector<double>& microseconds) {
  for (auto& frame : frames) {
    const auto begin = clock_type::now();
    co_await out.append(std::move(frame));
    microseconds.push_back(std::chrono::duration<double, std::micro>{clock_type::now() - begin}.count());
  }
}

/// Median time of an append. The window has room for all frames. The workers start after the last append, so that they
/// do not compete with it for the processors.
double microseconds_in_append(const benchmark::settings& s, std::size_t edge) {
  std::vector<mrcz::image<std::int16_t>> frames;
  for (std::size_t i = 0; i < 16; ++i) frames.push_back(xt::zeros<std::int16_t>({edge, edge}));
  asio::io_context caller;
  asio::io_context workers;
  mrcz::async::writer out{workers.get_executor(),
                          s.folder / "frames.mrcz",
                          options_for(mrcz::codec::zstd, 1),
                          nullptr,
                          {.slices = frames.size(), .bytes = std::size_t{1} << 34U}};
  std::vector<double> microseconds;
  auto appended = asio::co_spawn(caller, append_all(out, frames, microseconds), asio::use_future);
  caller.run();
  appended.get();
  workers.run();
  return benchmark::median(microseconds);
}

/// Writes four movies, each with a separate writer.
void write_four(asio::thread_pool& pool, const benchmark::settings& s, const mrcz::volume<std::int16_t>& movie,
                bool at_once) {
  const auto ex = pool.get_executor();
  std::vector<std::future<void>> pending;
  for (int i = 0; i < 4; ++i) {
    const auto path = s.folder / fmt::format("{}.mrcz", i);
    pending.push_back(asio::co_spawn(
        ex, mrcz::async::write(ex, path, mrcz::borrowed(movie), options_for(mrcz::codec::zstd, 1)), asio::use_future));
    if (!at_once) pending.back().wait();
  }
  for (auto& one : pending) one.get();
}

asio::awaitable<void> append_copies(asio::any_io_executor workers, std::filesystem::path path, std::size_t slices,
                                    std::size_t count) {
  mrcz::async::writer out{workers, path, options_for(mrcz::codec::zstd, 5), nullptr, {.slices = slices}};
  std::vector<std::int16_t> noise(4096UL * 4096);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::int16_t>(i * 2654435761U >> 24U);
  for (std::size_t i = 0; i < count; ++i) {
    auto frame = mrcz::detail::make_image<std::int16_t>(4096, 4096);
    std::copy(noise.begin(), noise.end(), frame.begin());
    co_await out.append(std::move(frame));
  }
  co_await out.close();
}

}  // namespace

void benchmark::asynchronous(const settings& s, nlohmann::ordered_json& all) {
  table throughput{all,
                   "Asynchronous writing",
                   "The same movie by write and by async::write on a pool of as many threads, in MB/s of voxels; hot "
                   "page cache, not synced.",
                   {"write", "async::write", "async/write"}};
  const auto int16 = integrated(s);
  measure_throughput(s, throughput, "int8 zstd-1", counts(s), options_for(mrcz::codec::zstd, 1));
  measure_throughput(s, throughput, "int16 none", int16, options_for(mrcz::codec::none, 1));
  measure_throughput(s, throughput, "int16 lz4-9", int16, options_for(mrcz::codec::lz4, 9));
  measure_throughput(s, throughput, "int16 zstd-1", int16, options_for(mrcz::codec::zstd, 1));

  table producer{
      all,
      "Time in append",
      "What the producer of a frame waits while the window has room: median of 16 frames of int16, moved in.",
      {"microseconds"}};
  for (const std::size_t edge : {256U, 1024U, 4096U}) {
    const double time = microseconds_in_append(s, edge);
    producer.row(fmt::format("{0} x {0}", edge), {time});
    producer.target("50 microseconds/time", 50 / time, 1);
  }

  table files{all,
              "Four files",
              "Four movies of int16 with zstd-1 on a pool of 2 threads, in seconds.",
              {"one by one", "at once", "times faster"}};
  asio::thread_pool pool{pool_threads};
  const auto remove = [&] {
    for (int i = 0; i < 4; ++i) std::filesystem::remove(s.folder / fmt::format("{}.mrcz", i));
  };
  const mrcz::volume<std::int16_t> part = xt::view(int16, xt::range(0, 2), xt::all(), xt::all());
  const auto times = measure(s, {{"one by one", [&] { write_four(pool, s, part, false); }, remove},
                                 {"at once", [&] { write_four(pool, s, part, true); }, remove}});
  files.row("4 files", {times[0], times[1], times[0] / times[1]});

  table memory{
      all,
      "Memory of a window",
      "Peak resident memory of a process that appends 24 frames of 32 MiB faster than 2 threads pack them "
      "(zstd-5). Limit: the window twice, as frames and packed, one frame of the producer, one pattern, 48 MiB.",
      {"peak MiB", "limit MiB", "limit/peak"}};
  for (const std::size_t slices : {2U, 4U, 8U}) {
    const double peak = peak_of([&] {
      asio::thread_pool workers{pool_threads};
      asio::io_context caller;
      auto done = asio::co_spawn(caller, append_copies(workers.get_executor(), s.folder / "window.mrcz", slices, 24),
                                 asio::use_future);
      caller.run();
      done.get();
    });
    const double limit = peak_of([] {}) + 32.0 * (2.0 * static_cast<double>(slices) + 2) + 48;
    memory.row(fmt::format("{} slices", slices), {peak, limit, limit / peak});
    memory.target("limit/peak", limit / peak, 1);
  }
}
