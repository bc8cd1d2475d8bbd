// Writes a movie as MRC and as MRCZ, reads the files back, compares every voxel and prints sizes and speeds. Without a
// FILE it simulates the movie of a counting detector: 32 frames of 1024 x 1024 voxels, one electron per voxel.
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <stdlib.h>

#include "mrcz/mrcz.hpp"

namespace {

struct format {
  std::string name;
  std::string file;
  mrcz::compression compression;
};

const std::vector<format> formats{
    {"MRC", "plain.mrc", {}},
    {"MRCZ zstd-1", "zstd.mrcz", {.codec = mrcz::codec::zstd, .level = 1}},
    {"MRCZ lz4-9", "lz4.mrcz", {.codec = mrcz::codec::lz4, .level = 9}},
};

/// A temporary folder, removed by the destructor.
class scratch_folder {
 public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mrcz-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) mrcz::detail::fail_system(errno, name);
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(const std::string& file) const { return path_ / file; }

 private:
  std::filesystem::path path_;
};

mrcz::volume<std::int8_t> simulated_movie() {
  auto movie = mrcz::detail::make_volume<std::int8_t>({32, 1024, 1024});
  std::mt19937 random{2014};
  std::poisson_distribution<int> electrons{1.0};
  for (auto& pixel : movie) pixel = static_cast<std::int8_t>(electrons(random));
  return movie;
}

template <class Action>
double seconds(Action&& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
}

/// Equal bit by bit, so that NaN equals NaN.
template <class T>
bool same_voxels(const mrcz::volume<T>& a, const mrcz::volume<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Returns whether every voxel survived in every format.
template <class T>
bool compare_formats(const mrcz::volume<T>& movie, mrcz::write_options options, const mrcz::header& header) {
  options.durability = mrcz::durability::none;
  const scratch_folder folder;
  const double megabytes = static_cast<double>(movie.size() * sizeof(T)) / 1e6;
  bool all_same = true;
  fmt::print("{:<12} {:>10} {:>7} {:>11} {:>10}  {}\n", "", "size MB", "ratio", "write MB/s", "read MB/s", "voxels");
  for (const auto& [name, file, compression] : formats) {
    const auto path = folder / file;
    options.compression = compression;
    const double write = seconds([&] {
      mrcz::writer out{path, options};
      out.header() = header;
      out.append(movie);
      out.close();
    });
    mrcz::volume<T> back;
    const double read = seconds([&] { back = mrcz::read<T>(path); });
    const bool same = same_voxels(movie, back);
    all_same = all_same && same;
    const double size = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
    fmt::print("{:<12} {:>10.3f} {:>7.2f} {:>11.0f} {:>10.0f}  {}\n", name, size, megabytes / size, megabytes / write,
               megabytes / read, same ? "all equal" : "DIFFERENT");
  }
  return all_same;
}

bool compare_formats_of_file(const char* path) {
  const mrcz::reader in{path};
  const auto [nz, ny, nx] = in.shape();
  fmt::print("{}: {} x {} x {} voxels of {}\n\n", path, nx, ny, nz, mrcz::name_of(in.mode()));
  const mrcz::write_options options{.mode = in.mode(), .byte_order = std::endian::native};
  return in.visit([&]<class T>(std::type_identity<T>) { return compare_formats(in.read<T>(), options, in.header()); });
}

bool compare_formats_of_simulation() {
  fmt::print("simulated movie: 1024 x 1024 x 32 voxels of int8, 1 electron per pixel\n\n");
  return compare_formats(simulated_movie(), {.kind = mrcz::kind::image_stack}, {});
}

}  // namespace

int main(int count, char** arguments) try {
  if (count > 2) {
    fmt::print(stderr, "usage: {} [FILE]\n", arguments[0]);
    return 2;
  }
  const bool same = count == 2 ? compare_formats_of_file(arguments[1]) : compare_formats_of_simulation();
  fmt::print("\nMB/s are megabytes of voxels, to and from the page cache.\n");
  return same ? 0 : 1;
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
