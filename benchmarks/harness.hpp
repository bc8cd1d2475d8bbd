/// Measuring candidates fairly and printing what came out.
///
/// All candidates of one question run in turns, several times, and the median counts. A disturbance of the machine then
/// affects all of them. Only ratios within one run mean anything.
///
/// A virtual machine returns memory that is free for some seconds to its host. The next allocation of that memory takes
/// ten times as long, and a candidate that runs after a pause would pay for it. So each measurement begins by taking
/// the free memory from the host again.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/parallel.hpp"

namespace benchmark {

struct settings {
  bool quick = false;
  std::filesystem::path folder;  ///< where files are written; best on a file system in memory
  std::size_t repeats = 5;
  std::size_t largest_array = std::size_t{5} << 28U;  ///< bytes of the largest array and file that are in use at once
};

struct candidate {
  std::string name;
  std::function<void()> run;
  std::function<void()> prepare = [] {};  ///< runs before each measurement, outside of it
};

inline double seconds(const std::function<void()>& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Allocates `size` bytes, writes to each page on all threads, as if they filled an array, and frees the memory.
inline void touch_fresh_memory(std::size_t size) {
  constexpr std::size_t page = 4096;
  constexpr std::size_t part = std::size_t{1} << 23U;
  mrcz::detail::buffer memory;
  const auto bytes = memory.acquire(size);
  const std::size_t parts = (size + part - 1) / part;
  mrcz::detail::parallel_for(parts, mrcz::detail::thread_count(std::nullopt, parts), [&](std::size_t i, std::size_t) {
    for (std::size_t b = i * part; b < std::min((i + 1) * part, size); b += page) bytes[b] = std::byte{1};
  });
}

/// Median seconds of each candidate, in their order. The first round is not measured: it fills the caches.
template <std::size_t count>
std::array<double, count> measure(const settings& s, const candidate (&candidates)[count]) {
  std::array<std::vector<double>, count> times;
  for (std::size_t round = 0; round <= s.repeats; ++round) {
    for (std::size_t i = 0; i < count; ++i) {
      candidates[i].prepare();
      touch_fresh_memory(s.largest_array);
      const double time = seconds(candidates[i].run);
      if (round > 0) times[i].push_back(time);
    }
  }
  std::array<double, count> medians;
  for (std::size_t i = 0; i < count; ++i) medians[i] = median(std::move(times[i]));
  return medians;
}

/// A table of numbers with one name per row, printed as it grows and kept for `--json`.
class table {
 public:
  table(nlohmann::ordered_json& all, const std::string& title, const std::string& note,
        std::vector<std::string> columns)
      : columns_{std::move(columns)}, json_{&all[title]} {
    fmt::print("\n{}\n{}\n\n{:<32}", title, note, "");
    for (const auto& column : columns_) fmt::print(" {:>13}", column);
    fmt::print("\n");
    *json_ = {{"note", note}, {"rows", nlohmann::ordered_json::array()}};
  }

  /// Adds a row with one value per column; an empty optional leaves its column empty.
  void row(const std::string& name, const std::vector<std::optional<double>>& values) {
    nlohmann::ordered_json row{{"name", name}};
    fmt::print("{:<32}", name);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      fmt::print(" {:>13}", values[i] ? shown(*values[i]) : std::string{"-"});
      row[columns_[i]] = values[i] ? nlohmann::ordered_json(*values[i]) : nlohmann::ordered_json(nullptr);
    }
    fmt::print("\n");
    std::fflush(stdout);
    (*json_)["rows"].push_back(std::move(row));
  }

  /// Reports whether `value` reaches its target, `least`.
  void target(const std::string& name, double value, double least) {
    fmt::print("  target {}: {} of at least {}: {}\n", name, shown(value), shown(least),
               value >= least ? "met" : "MISSED");
    (*json_)["targets"].push_back({{"name", name}, {"value", value}, {"at_least", least}, {"met", value >= least}});
  }

 private:
  static std::string shown(double value) {
    return value >= 100  ? fmt::format("{:.0f}", value)
           : value >= 10 ? fmt::format("{:.1f}", value)
                         : fmt::format("{:.3g}", value);
  }

  std::vector<std::string> columns_;
  nlohmann::ordered_json* json_;
};

/// Peak resident memory, in MiB, of a child process that runs `action`. Memory that is resident at its start counts
/// too.
double peak_of(const std::function<void()>& action);

void whole_files(const settings& s, nlohmann::ordered_json& all);
void plain_files(const settings& s, nlohmann::ordered_json& all);
void chunks(const settings& s, nlohmann::ordered_json& all);
void regions(const settings& s, nlohmann::ordered_json& all);
void opening(const settings& s, nlohmann::ordered_json& all);
void slice_tables(const settings& s, nlohmann::ordered_json& all);
void conversions(const settings& s, nlohmann::ordered_json& all);
void statistics(const settings& s, nlohmann::ordered_json& all);
void asynchronous(const settings& s, nlohmann::ordered_json& all);
void memory(const settings& s, nlohmann::ordered_json& all);
void block_sizes(const settings& s, nlohmann::ordered_json& all);
void compile_times(const settings& s, nlohmann::ordered_json& all);
void beside_us(const settings& s, nlohmann::ordered_json& all);
void profiles(const settings& s, nlohmann::ordered_json& all);
void bloscpack(const settings& s, nlohmann::ordered_json& all);

}  // namespace benchmark
