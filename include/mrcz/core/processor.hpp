/// What the processor can do beyond what every one of its kind can, and how many of them this program may use.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrcz/core/system.hpp"

namespace mrcz {

/// Whether functions compiled for AVX2, with registers of 32 bytes, may be called. Always false where this library has
/// none: other compilers than g++ and clang, other processors than x86.
inline bool has_avx2() noexcept {
#if defined(__SSE2__) && defined(__GNUC__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

namespace detail {

/// A file of /proc or /sys; empty if it cannot be read.
inline std::string small_file(const std::string& path) {
  std::string text;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in{std::fopen(path.c_str(), "rb"), &std::fclose};
  if (!in) return text;
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, in.get())) > 0;) text.append(piece, got);
  return text;
}

/// Cuts off and returns what comes before the next `separator`.
inline std::string_view next_part(std::string_view& text, char separator) noexcept {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

inline bool has_part(std::string_view list, std::string_view wanted) noexcept {
  while (!list.empty())
    if (next_part(list, ',') == wanted) return true;
  return false;
}

inline std::optional<std::int64_t> number_in(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end != text.data() ? std::optional{value} : std::nullopt;
}

/// A path of /proc/self/mountinfo, where blanks are written as three octal digits.
inline std::string unescaped(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool octal = text[i] == '\\' && i + 4 <= text.size() &&
                       std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4;
    path += octal ? static_cast<char>(value) : text[i];
    if (octal) i += 3;
  }
  return path;
}

/// A hierarchy of control groups as it is mounted: the group `shown` of it is the folder `at`.
struct cgroup_mount {
  bool unified = false;  ///< version 2; otherwise the hierarchy of version 1 that divides processor time
  std::string shown;
  std::string at;
};

/// Field 4 of a line of mountinfo is the group that is mounted, field 5 where; behind " - " stand type, source,
/// options.
inline std::vector<cgroup_mount> cgroup_mounts(std::string_view mountinfo) {
  std::vector<cgroup_mount> found;
  while (!mountinfo.empty()) {
    std::string_view line = next_part(mountinfo, '\n');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view behind = line.substr(dash + 3);
    const auto type = next_part(behind, ' ');
    next_part(behind, ' ');
    const bool unified = type == "cgroup2";
    if (!unified && !(type == "cgroup" && has_part(next_part(behind, ' '), "cpu"))) continue;
    for (int field = 1; field < 4; ++field) next_part(line, ' ');
    const auto shown = next_part(line, ' ');
    found.push_back({unified, unescaped(shown), unescaped(next_part(line, ' '))});
  }
  return found;
}

/// The group of this process in that hierarchy, from /proc/self/cgroup: lines of number, controllers and group.
inline std::optional<std::string> group_in(std::string_view self_cgroup, bool unified) {
  while (!self_cgroup.empty()) {
    std::string_view line = next_part(self_cgroup, '\n');
    const auto number = next_part(line, ':');
    const auto controllers = next_part(line, ':');
    if (unified ? number == "0" && controllers.empty() : has_part(controllers, "cpu")) return std::string{line};
  }
  return std::nullopt;
}

/// Processors' worth of time that one group may use, rounded up; nothing if it is not limited.
inline std::optional<std::size_t> quota_of(const std::string& folder, bool unified) {
  std::optional<std::int64_t> quota;
  std::optional<std::int64_t> period;
  if (unified) {  // "max 100000" or "150000 100000": microseconds in each period of as many
    const std::string text = small_file(folder + "/cpu.max");
    std::string_view rest = text;
    quota = number_in(next_part(rest, ' '));
    period = number_in(rest);
  } else {  // -1 for no limit
    quota = number_in(small_file(folder + "/cpu.cfs_quota_us"));
    period = number_in(small_file(folder + "/cpu.cfs_period_us"));
  }
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<std::size_t>((*quota - 1) / *period + 1);
}

/// The smallest quota of the control group of this process and of all groups around it that can be seen; nothing if
/// there is none. `root` stands in front of every path that is read.
inline std::optional<std::size_t> cgroup_processors(const std::string& root = "") {
  std::optional<std::size_t> least;
  const std::string self_cgroup = small_file(root + "/proc/self/cgroup");
  for (const auto& mount : cgroup_mounts(small_file(root + "/proc/self/mountinfo"))) {
    auto group = group_in(self_cgroup, mount.unified);
    if (!group) continue;
    const std::string shown = mount.shown == "/" ? "" : mount.shown;
    const bool inside = group->starts_with(shown) && (group->size() == shown.size() || (*group)[shown.size()] == '/');
    std::string folder = root + mount.at;
    const std::size_t outermost = folder.size();
    if (inside) folder.append(*group, shown.size());
    while (folder.size() > outermost && folder.ends_with('/')) folder.pop_back();
    for (;;) {
      if (const auto quota = quota_of(folder, mount.unified))
        least = std::min(least.value_or(std::numeric_limits<std::size_t>::max()), *quota);
      if (folder.size() <= outermost) break;
      folder.resize(std::max(folder.rfind('/'), outermost));
    }
  }
  return least;
}

/// Counted now; `processors()` remembers.
inline std::size_t count_processors() noexcept {
  const std::size_t allowed = allowed_processors();
  try {
    return std::min(allowed, cgroup_processors().value_or(allowed));
  } catch (...) {  // no memory for a few lines of text
    return allowed;
  }
}

}  // namespace detail

/// Processors that this program may use, at least 1: those that its affinity allows (`taskset`, batch systems), and no
/// more than the quota of its control group pays for (containers), rounded up. Counted once, when it is first asked.
inline std::size_t processors() noexcept {
  static const std::size_t counted = detail::count_processors();
  return counted;
}

}  // namespace mrcz
