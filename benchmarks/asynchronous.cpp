// What does asynchronous writing cost, how long does it hold up the producer of frames, and which camera is too fast?
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
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
  auto many_rounds = s;  // for a difference of some hundredths
  many_rounds.repeats = 3 * s.repeats;
  const auto times = benchmark::measure(
      many_rounds,
      {{"write", [&] { mrcz::write(path, movie, options); }, remove},
       {"async::write", [&] { mrcz::async::write(ex, path, mrcz::borrowed(movie), options, asio::use_future).get(); },
        remove}});
  const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
  t.row(name, {megabytes / times[0], megabytes / times[1], times[0] / times[1]});
  t.target(name + ": async::write/write", times[0] / times[1], 0.97);
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
    pending.push_back(
        mrcz::async::write(ex, path, mrcz::borrowed(movie), options_for(mrcz::codec::zstd, 1), asio::use_future));
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

/// Has no bytes, so that only the processors limit a writer.
class discarding_sink final : public mrcz::byte_sink {
 public:
  void write_at(std::uint64_t /*offset*/, std::span<const std::byte> /*from*/) override {}
  void publish() override {}
  std::string name() const override { return "nowhere"; }
};

mrcz::image<std::int8_t> copy_of(const mrcz::image<std::int8_t>& pattern) {
  auto frame = mrcz::detail::make_image<std::int8_t>(pattern.shape()[0], pattern.shape()[1]);
  std::copy(pattern.begin(), pattern.end(), frame.begin());
  return frame;
}

mrcz::image<std::int8_t> frame_of_counts(std::size_t edge) {
  return xt::view(benchmark::counts(mrcz::shape{1, edge, edge}), 0, xt::all(), xt::all());
}

/// Appends a frame every 10 milliseconds, and notes how long each append takes.
asio::awaitable<void> append_at_fixed_rate(asio::any_io_executor workers, const mrcz::image<std::int8_t>& pattern,
                                           std::size_t count, std::vector<double>& microseconds) {
  mrcz::async::writer out{
      workers, std::make_unique<discarding_sink>(), options_for(mrcz::codec::zstd, 1), nullptr, {.slices = 64}};
  asio::steady_timer clock{co_await asio::this_coro::executor};
  auto due = clock_type::now();
  for (std::size_t i = 0; i < count; ++i) {
    auto frame = copy_of(pattern);
    due += std::chrono::milliseconds{10};
    clock.expires_at(due);
    co_await clock.async_wait(asio::use_awaitable);
    const auto begin = clock_type::now();
    co_await out.append(std::move(frame));
    microseconds.push_back(std::chrono::duration<double, std::micro>{clock_type::now() - begin}.count());
  }
  co_await out.close();
}

/// Writes a movie again and again until somebody sets `enough`.
asio::awaitable<void> keep_busy(asio::any_io_executor workers, const mrcz::volume<std::int8_t>& movie,
                                const std::atomic<bool>& enough) {
  while (!enough) {
    mrcz::async::writer out{workers, std::make_unique<discarding_sink>(), options_for(mrcz::codec::zstd, 1)};
    co_await out.append(mrcz::borrowed(movie));
    co_await out.close();
  }
}

/// Times of `count` appends to each of these writers, sorted, while another writer keeps all workers busy.
std::vector<double> microseconds_of_busy_appends(std::size_t writers, std::size_t count) {
  const auto pattern = frame_of_counts(512);
  const auto movie = benchmark::counts(mrcz::shape{8, 1024, 1024});
  std::vector<double> microseconds;
  std::atomic<bool> enough = false;
  asio::thread_pool workers{pool_threads};
  asio::io_context producers;
  auto busy = asio::co_spawn(workers, keep_busy(workers.get_executor(), movie, enough), asio::use_future);
  std::vector<std::future<void>> pending;
  for (std::size_t i = 0; i < writers; ++i)
    pending.push_back(asio::co_spawn(
        producers, append_at_fixed_rate(workers.get_executor(), pattern, count, microseconds), asio::use_future));
  producers.run();
  enough = true;
  busy.get();
  for (auto& one : pending) one.get();
  std::sort(microseconds.begin(), microseconds.end());
  return microseconds;
}

double seconds_of_processors(int whose) {
  struct rusage usage{};
  ::getrusage(whose, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct camera_run {
  std::size_t dropped = 0;
  std::size_t most_bytes = 0;  ///< in the window
  double share = 0;            ///< of the processors
  double share_of_camera = 0;  ///< of the processors, for the frames themselves
};

/// A thread that delivers frames at a fixed rate and never waits for the writer.
camera_run run_camera(mrcz::async::writer& out, std::size_t frames, double frames_per_second) {
  const auto pattern = frame_of_counts(2048);
  camera_run result;
  std::thread camera{[&] {
    const double cpu = seconds_of_processors(RUSAGE_SELF);
    const double cpu_of_camera = seconds_of_processors(RUSAGE_THREAD);
    const auto begin = clock_type::now();
    for (std::size_t i = 0; i < frames; ++i) {
      auto frame = copy_of(pattern);
      std::this_thread::sleep_until(begin +
                                    std::chrono::duration_cast<clock_type::duration>(
                                        std::chrono::duration<double>{static_cast<double>(i) / frames_per_second}));
      if (!out.try_append(std::move(frame))) ++result.dropped;
      result.most_bytes = std::max(result.most_bytes, out.in_window().bytes);
    }
    result.share_of_camera = seconds_of_processors(RUSAGE_THREAD) - cpu_of_camera;
    out.close(asio::use_future).get();
    const double available =
        std::chrono::duration<double>{clock_type::now() - begin}.count() * std::thread::hardware_concurrency();
    result.share = (seconds_of_processors(RUSAGE_SELF) - cpu) / available;
    result.share_of_camera /= available;
  }};
  camera.join();
  return result;
}

}  // namespace

void benchmark::asynchronous(const settings& s, nlohmann::ordered_json& all) {
  table throughput{all,
                   "Asynchronous writing",
                   "The same movie by write and by async::write on a pool of as many threads, in MB/s of voxels; hot "
                   "page cache, not synced. Medians of three times as many runs.",
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

  table busy{all,
             "Time in append while the workers are busy",
             "Producers append a frame of 512 x 512 int8 every 10 ms, zstd-1; another writer occupies all of the 2 "
             "workers. In microseconds, from the call of append to the next line of the producer.",
             {"median", "99.9 %", "maximum"}};
  for (const std::size_t writers : {1U, 2U, 4U}) {
    const auto times = microseconds_of_busy_appends(writers, s.quick ? 200 : 1000);
    busy.row(fmt::format("{} {}", writers, writers == 1 ? "writer" : "writers"),
             {times[times.size() / 2], times[(times.size() - 1) * 999 / 1000], times.back()});
  }

  table camera{all,
               "A camera that never waits",
               "A thread delivers 400 frames of 2048 x 2048 int8 a second for 10 seconds (quick: 2) by try_append. The "
               "sink discards the bytes. Shares are of all processors; the camera's own is that of copying the frames.",
               {"frames", "dropped", "window MiB", "limit MiB", "share %", "camera's %"}};
  const std::size_t frames = s.quick ? 800 : 4000;
  for (const auto& [name, options] :
       {std::pair{"none", options_for(mrcz::codec::none, 1)}, std::pair{"lz4-9", options_for(mrcz::codec::lz4, 9)},
        std::pair{"zstd-1", options_for(mrcz::codec::zstd, 1)}}) {
    const std::size_t limit = std::size_t{256} << 20U;
    asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
    mrcz::async::writer out{workers.get_executor(),
                            std::make_unique<discarding_sink>(),
                            options,
                            nullptr,
                            {.slices = 1000, .bytes = limit}};
    const auto result = run_camera(out, frames, 400);
    constexpr double mib = 1048576;
    camera.row(name, {static_cast<double>(frames), static_cast<double>(result.dropped),
                      static_cast<double>(result.most_bytes) / mib, static_cast<double>(limit) / mib,
                      100 * result.share, 100 * result.share_of_camera});
    if (options.compression.codec == mrcz::codec::none)
      camera.target("none: frames in the file/frames",
                    1 - static_cast<double>(result.dropped) / static_cast<double>(frames), 1);
    camera.target(fmt::format("{}: limit/window", name),
                  static_cast<double>(limit) / static_cast<double>(std::max<std::size_t>(result.most_bytes, 1)), 1);
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
