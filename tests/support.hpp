/// What several tests need: a scratch folder, whole files as bytes, made-up voxels, and an error's code and message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/float16.hpp"
#include "mrcz/format/mode.hpp"

namespace test {

/// A folder of its own, removed with everything in it.
class scratch_folder {
 public:
  scratch_folder() {
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() / fmt::format("mrcz-test-{:08x}{:08x}", random(), random());
    } while (!std::filesystem::create_directory(path_));
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  /// Names of all files in the folder, to see whether a temporary file is left.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path_})
      names.push_back(entry.path().filename().string());
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline std::vector<std::byte> bytes_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

inline void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream out{path, std::ios::binary};
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// A whole number that every mode can hold, 0 to 15, as a voxel.
template <mrcz::voxel T>
T small_number(unsigned number) {
  if constexpr (std::is_same_v<T, mrcz::half>) return mrcz::to_half(static_cast<float>(number));
  else if constexpr (std::is_same_v<T, mrcz::complex_int16>) return {static_cast<std::int16_t>(number), 0};
  else if constexpr (mrcz::is_complex<T>) return T(static_cast<typename T::value_type>(number), 0);
  else return static_cast<T>(number);
}

/// Small whole numbers that every mode can hold, 0 to 7, always the same for the same seed.
template <mrcz::voxel T>
mrcz::volume<T> counts(const mrcz::shape& extents, unsigned seed = 1) {
  auto voxels = mrcz::detail::make_volume<T>(extents);
  std::mt19937 random{seed};
  for (std::size_t i = 0; i < voxels.size(); ++i)
    voxels.data()[i] = small_number<T>(static_cast<unsigned>(random() % 8));
  return voxels;
}

/// Copies words of `word_bytes` bytes and reverses the bytes of each.
inline void swap_bytes(std::span<const std::byte> from, std::byte* to, std::size_t word_bytes) {
  for (std::size_t word = 0; word < from.size(); word += word_bytes)
    for (std::size_t i = 0; i < word_bytes; ++i) to[word + i] = from[word + word_bytes - 1 - i];
}

/// What `action` threw.
struct failure {
  std::error_code code;
  std::string message;

  bool mentions(const std::string& text) const { return message.find(text) != std::string::npos; }
};

/// The `mrcz::error` that `action` throws; nothing if it throws none.
template <class Action>
std::optional<failure> failure_of(Action&& action) {
  try {
    action();
  } catch (const mrcz::error& e) {
    return failure{e.code(), e.what()};
  }
  return std::nullopt;
}

}  // namespace test
