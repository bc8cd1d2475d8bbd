/// Definitions of `io/spool.hpp`.
#pragma once

#include "mrcz/io/spool.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/stop.hpp"
#include "mrcz/io/memory.hpp"

namespace mrcz::detail {

MRCZ_INLINE file scratch_file(const std::string& for_whom) {
  std::error_code reason;
  const auto folder = std::filesystem::temp_directory_path(reason);
  if (reason) fail_system(reason, text("needs a temporary file, but {} is no folder", temporary_folders), for_whom);
  return {folder, file::access::scratch};
}

MRCZ_INLINE spool::spool(sequential_source& from, const spool_limits& limits) : name_{from.name()} {
  constexpr std::uint64_t least_at_once = std::uint64_t{64} << 10U;
  constexpr std::uint64_t most_at_once = std::uint64_t{1} << 20U;
  std::vector<std::byte> memory;  // all that was read; once there is a file, one piece
  std::optional<file> scratch;
  std::uint64_t in_file = 0;
  const auto to_file = [&] {
    try {
      if (!scratch) scratch.emplace(scratch_file(name_));
      scratch->write_at(in_file, memory);
    } catch (...) {
      rethrow_with({.remark = text("{} is unpacked or read into a file there, because it has more than {} bytes", name_,
                                   limits.memory)});
    }
    in_file += memory.size();
    if (memory.size() > most_at_once) memory = {};
    memory.clear();
  };
  for (;;) {
    throw_if_stopped(limits.stop);
    const std::uint64_t room = limits.most_bytes - in_file - memory.size();
    const auto piece = std::clamp<std::uint64_t>(in_file + memory.size(), least_at_once, most_at_once);
    const auto wanted = static_cast<std::size_t>(room < piece ? room + 1 : piece);
    const std::size_t before = memory.size();
    memory.resize(before + wanted);
    const std::size_t count = from.read(std::span{memory}.subspan(before));
    memory.resize(before + count);
    if (count > room)
      fail(errc::too_large, {.path = name_, .found = text("holds more than {} bytes", limits.most_bytes)});
    const bool ended = count < wanted;
    if (scratch || memory.size() > limits.memory) to_file();
    if (ended) break;
  }
  if (scratch) content_ = std::make_unique<file_source>(std::move(*scratch));
  else content_ = std::make_unique<memory_source>(std::move(memory), name_);
}

}  // namespace mrcz::detail
