/// The definitions of core/hardware.hpp.
#pragma once

#include "mrcz/core/hardware.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <system_error>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "mrcz/core/system.hpp"

namespace mrcz::detail {

MRCZ_INLINE bool has([[maybe_unused]] instructions wanted) noexcept {
#if defined(__SSE2__) && defined(__GNUC__)
  const bool avx2 = aligns_wide_registers && __builtin_cpu_supports("avx2");
  switch (wanted) {
    case instructions::any: return true;
    case instructions::avx2: return avx2;
    case instructions::avx512: return avx2 && __builtin_cpu_supports("avx512bw");
    case instructions::gfni: return avx2 && __builtin_cpu_supports("gfni");
  }
#endif
  return wanted == instructions::any;
}

/// The content of a file of /proc or /sys; empty if it cannot be read.
MRCZ_INLINE std::string small_file(const std::string& folder, const char* name) {
  std::string text;
  std::FILE* const in = std::fopen((folder + name).c_str(), "rb");
  if (in == nullptr) return text;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closed_at_end{in, &std::fclose};
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, in)) > 0;) text.append(piece, got);
  return text;
}

/// Returns the text before the next `separator`, and removes it and the separator from `text`.
MRCZ_INLINE std::string_view next_part(std::string_view& text, char separator) noexcept {
  const auto end = text.find(separator);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

MRCZ_INLINE bool has_part(std::string_view list, std::string_view wanted) noexcept {
  while (!list.empty())
    if (next_part(list, ',') == wanted) return true;
  return false;
}

MRCZ_INLINE std::optional<std::int64_t> number_in(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} && end != text.data() ? std::optional{value} : std::nullopt;
}

/// Decodes a path of /proc/self/mountinfo, where a backslash and three octal digits stand for a character such as a
/// blank.
MRCZ_INLINE std::string unescaped(std::string_view text) {
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

/// A mounted hierarchy of control groups. Its group `shown` appears as the folder `at`.
struct cgroup_mount {
  bool unified = false;  ///< version 2; otherwise the hierarchy of version 1 that divides processor time
  std::string shown;
  std::string at;
};

/// Takes lines of /proc/self/mountinfo until one describes such a hierarchy. Returns false if no line is left. Field 4
/// of a line is the mounted group, field 5 the folder where it is mounted. The type, the source and the options follow
/// " - ".
MRCZ_INLINE bool take_mount(std::string_view& mountinfo, cgroup_mount& mount) {
  while (!mountinfo.empty()) {
    std::string_view line = next_part(mountinfo, '\n');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view behind = line.substr(dash + 3);
    const auto type = next_part(behind, ' ');
    next_part(behind, ' ');
    mount.unified = type == "cgroup2";
    if (!mount.unified && !(type == "cgroup" && has_part(next_part(behind, ' '), "cpu"))) continue;
    for (int field = 1; field < 4; ++field) next_part(line, ' ');
    mount.shown = unescaped(next_part(line, ' '));
    mount.at = unescaped(next_part(line, ' '));
    return true;
  }
  return false;
}

/// The group of this process in that hierarchy, from /proc/self/cgroup. Each line there has a number, controllers and a
/// group.
MRCZ_INLINE std::optional<std::string_view> group_in(std::string_view self_cgroup, bool unified) noexcept {
  while (!self_cgroup.empty()) {
    std::string_view line = next_part(self_cgroup, '\n');
    const auto number = next_part(line, ':');
    const auto controllers = next_part(line, ':');
    if (unified ? number == "0" && controllers.empty() : has_part(controllers, "cpu")) return line;
  }
  return std::nullopt;
}

/// The quota of one group in processors, rounded up; nothing if there is no limit. Version 2 has one file with the
/// quota and the period in microseconds: "150000 100000" means 1.5 processors, "max 100000" means no limit. Version 1
/// has one file for each number; a quota of -1 means no limit.
MRCZ_INLINE std::optional<std::size_t> quota_of(const std::string& folder, bool unified) {
  std::string text = small_file(folder, unified ? "/cpu.max" : "/cpu.cfs_quota_us");
  if (!unified) text += ' ' + small_file(folder, "/cpu.cfs_period_us");
  std::string_view rest = text;
  const auto quota = number_in(next_part(rest, ' '));
  const auto period = number_in(rest);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<std::size_t>((*quota - 1) / *period + 1);
}

MRCZ_INLINE std::optional<std::size_t> cgroup_processors(const std::string& root) {
  std::optional<std::size_t> least;
  const std::string self_cgroup = small_file(root, "/proc/self/cgroup");
  const std::string mountinfo = small_file(root, "/proc/self/mountinfo");
  std::string_view lines = mountinfo;
  for (cgroup_mount mount; take_mount(lines, mount);) {
    const auto group = group_in(self_cgroup, mount.unified);
    if (!group) continue;
    const std::string_view shown = mount.shown == "/" ? std::string_view{} : mount.shown;
    const bool inside = group->starts_with(shown) && (group->size() == shown.size() || (*group)[shown.size()] == '/');
    std::string folder = root + mount.at;
    const std::size_t outermost = folder.size();
    if (inside) folder += group->substr(shown.size());
    while (folder.size() > outermost && folder.ends_with('/')) folder.pop_back();
    for (;;) {
      const auto quota = quota_of(folder, mount.unified);
      if (quota && (!least || *quota < *least)) least = quota;
      if (folder.size() <= outermost) break;
      folder.resize(std::max(folder.rfind('/'), outermost));
    }
  }
  return least;
}

MRCZ_INLINE std::size_t count_processors() noexcept {
  const std::size_t allowed = allowed_processors();
  try {
    return std::min(allowed, cgroup_processors().value_or(allowed));
  } catch (...) {  // no memory for a few lines of text
    return allowed;
  }
}

MRCZ_INLINE std::size_t processors() noexcept {
  static const std::size_t counted = count_processors();
  return counted;
}

/// The whole pages of `page` bytes inside `memory`; empty if there is none.
MRCZ_INLINE std::span<std::byte> whole_pages(std::span<std::byte> memory, std::size_t page) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t skipped = (page - address % page) % page;
  if (memory.size() < skipped + page) return {};
  return memory.subspan(skipped, (memory.size() - skipped) / page * page);
}

MRCZ_INLINE void advise_huge_pages(std::span<std::byte> memory) noexcept {
  const auto pages = whole_pages(memory, std::size_t{2} << 20U);
  if (!pages.empty()) advise_huge(pages.data(), pages.size());
}

MRCZ_INLINE void provide_pages(std::span<std::byte> memory) noexcept {
  const auto pages = whole_pages(memory, 4096);
  if (!pages.empty()) populate(pages.data(), pages.size());
}

MRCZ_INLINE void copy_past_caches(std::byte* to, const std::byte* from, std::size_t count) noexcept {
#if defined(__SSE2__)
  constexpr std::size_t step = sizeof(__m128i);
  const std::size_t unaligned = (step - reinterpret_cast<std::uintptr_t>(to) % step) % step;
  const std::size_t first = std::min(unaligned, count);
  std::memcpy(to, from, first);
  std::size_t done = first;
  for (; done + step <= count; done += step)
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + done),
                     _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done)));
  std::memcpy(to + done, from + done, count - done);
#else
  std::memcpy(to, from, count);
#endif
}

MRCZ_INLINE void finish_past_caches() noexcept {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

#if defined(__SSE2__)

/// Writes the 8 integers as floats to an address that is a multiple of 16.
template <class Integer>
void stream_words(__m128i words, float* to) noexcept {
  const __m128i upper = std::is_signed_v<Integer> ? _mm_srai_epi16(words, 15) : _mm_setzero_si128();
  _mm_stream_ps(to, _mm_cvtepi32_ps(_mm_unpacklo_epi16(words, upper)));
  _mm_stream_ps(to + 4, _mm_cvtepi32_ps(_mm_unpackhi_epi16(words, upper)));
}

/// Writes the integers in 16 bytes as floats to an address that is a multiple of 16.
template <class Integer>
void stream_floats(const std::byte* from, float* to) noexcept {
  const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  if constexpr (sizeof(Integer) == 2) {
    stream_words<Integer>(packed, to);
  } else {
    const __m128i zero = _mm_setzero_si128();
    const __m128i upper = std::is_signed_v<Integer> ? _mm_cmpgt_epi8(zero, packed) : zero;
    stream_words<std::int16_t>(_mm_unpacklo_epi8(packed, upper), to);
    stream_words<std::int16_t>(_mm_unpackhi_epi8(packed, upper), to + 8);
  }
}

#endif

template <class Integer>
void floats_past_caches(const std::byte* from, float* to, std::size_t count) noexcept {
  static_assert(std::is_integral_v<Integer> && sizeof(Integer) <= 2);
  std::size_t i = 0;
  const auto one_by_one = [&](std::size_t end) {
    for (; i < end; ++i) {
      Integer value;
      std::memcpy(&value, from + i * sizeof(Integer), sizeof(Integer));
      to[i] = static_cast<float>(value);
    }
  };
#if defined(__SSE2__)
  const std::size_t unaligned = (16 - reinterpret_cast<std::uintptr_t>(to) % 16) % 16 / sizeof(float);
  one_by_one(std::min(unaligned, count));
  constexpr std::size_t step = 16 / sizeof(Integer);
  for (; i + step <= count; i += step) stream_floats<Integer>(from + i * sizeof(Integer), to + i);
#endif
  one_by_one(count);
}

}  // namespace mrcz::detail
