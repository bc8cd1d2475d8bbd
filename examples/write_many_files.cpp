// Compresses every MRC file of a folder into another folder. Several files are compressed at once, slice by slice, so
// that the memory does not grow with the size and number of the files. A file that cannot be read is reported and
// skipped.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <future>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <asio/co_spawn.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "mrcz/mrcz.hpp"

namespace {

/// At most `files_at_once` files are open. Each of them reads at most `slices_per_file` slices ahead, and at most as
/// many wait to be written.
constexpr std::size_t files_at_once = 4;
constexpr std::size_t slices_per_file = 3;

template <class T>
asio::awaitable<void> compress(asio::any_io_executor workers, mrcz::async::reader in, std::filesystem::path to) {
  mrcz::writer prepared{to, {.compression = {.codec = mrcz::codec::zstd}}};
  prepared.header() = in.file().header();
  prepared.set_extended_header(in.file().extended_header());
  mrcz::async::writer out{workers, std::move(prepared), {.slices = slices_per_file}};
  auto slices = in.slices<T>({}, {.slices = slices_per_file});
  while (auto slice = co_await slices.next()) co_await out.append(std::move(*slice));
  co_await out.close();
}

/// The files that are still to be compressed. Used from one strand only.
class work_list {
 public:
  work_list(std::vector<std::filesystem::path> files, std::filesystem::path target)
      : files_{std::move(files)}, target_{std::move(target)} {}

  /// Compresses one file after the other until none is left.
  asio::awaitable<void> run(asio::any_io_executor workers) {
    while (next_ < files_.size()) {
      const auto from = files_[next_++];
      const auto to = target_ / (from.filename().string() + ".mrcz");  // a.mrc and a.map need different names
      try {
        auto in = co_await mrcz::async::open(workers, from);
        auto one_file = in.file().visit([&]<class T>(std::type_identity<T>) { return compress<T>(workers, in, to); });
        co_await std::move(one_file);
        fmt::print("{} -> {}\n", from.string(), to.string());
      } catch (const std::exception& e) {
        fmt::print(stderr, "skipped: {}\n", e.what());
        ++skipped_;
      }
    }
  }

  std::size_t skipped() const { return skipped_; }

 private:
  std::vector<std::filesystem::path> files_;
  std::filesystem::path target_;
  std::size_t next_ = 0;
  std::size_t skipped_ = 0;
};

std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (const auto kind = entry.path().extension(); kind == ".mrc" || kind == ".mrcs" || kind == ".map")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} FOLDER TARGET\n", arguments[0]);
    return 2;
  }
  auto files = images_in(arguments[1]);
  if (files.empty()) {
    fmt::print(stderr, "{}: no .mrc, .mrcs or .map files\n", arguments[1]);
    return 1;
  }
  std::filesystem::create_directories(arguments[2]);
  work_list list{std::move(files), arguments[2]};
  asio::thread_pool workers{std::max(std::thread::hardware_concurrency(), 1U)};
  const auto strand = asio::make_strand(workers);
  std::vector<std::future<void>> lanes;
  for (std::size_t i = 0; i < files_at_once; ++i)
    lanes.push_back(asio::co_spawn(strand, list.run(workers.get_executor()), asio::use_future));
  for (auto& lane : lanes) lane.get();
  return list.skipped() == 0 ? 0 : 1;
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
