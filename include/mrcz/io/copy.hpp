/// Copies bytes between any objects that have bytes at positions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mrcz::detail {

/// Copies `count` bytes at `offset` of `from` to position `to` of `into`, in pieces of 1 MiB, from front to back.
/// Throws the errors of reading and writing; the pieces before the error have been copied then.
template <class From, class Into>
void copy_in_pieces(const From& from, std::uint64_t offset, std::uint64_t count, Into& into, std::uint64_t to) {
  std::vector<std::byte> memory(static_cast<std::size_t>(std::min(count, std::uint64_t{1} << 20U)));
  while (count > 0) {
    const auto piece = std::span{memory}.first(static_cast<std::size_t>(std::min<std::uint64_t>(count, memory.size())));
    from.read_at(offset, piece);
    into.write_at(to, piece);
    offset += piece.size();
    to += piece.size();
    count -= piece.size();
  }
}

}  // namespace mrcz::detail
