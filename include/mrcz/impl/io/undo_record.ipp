/// Keeps old bytes, and puts them back.
#pragma once

#include "mrcz/io/undo_record.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

namespace detail {

inline constexpr std::string_view undo_magic = "undo-1\r\n";
inline constexpr std::size_t undo_header_bytes = 64;
inline constexpr std::size_t undo_range_bytes = 16;

/// FNV-1a with 64 bits: finds records that were not written to their end.
class fnv_digest {
 public:
  void add(std::span<const std::byte> bytes) noexcept {
    for (const std::byte b : bytes) value_ = (value_ ^ std::to_integer<std::uint64_t>(b)) * 0x100'0000'01b3U;
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xcbf2'9ce4'8422'2325U;
};

MRCZ_INLINE std::uint64_t digest_of(std::span<const std::byte> bytes) noexcept {
  fnv_digest digest;
  digest.add(bytes);
  return digest.value();
}

/// Digests the first 1024 bytes of a file and 16 pieces of 4 KiB all over it. Bytes in `ranges` count as zeros.
MRCZ_INLINE std::uint64_t witness_of(const file& of, std::uint64_t size, std::span<const byte_range> ranges) {
  constexpr std::uint64_t pieces = 16;
  std::array<std::byte, 4096> memory;
  fnv_digest digest;
  const auto add = [&](std::uint64_t offset, std::uint64_t count) {
    const auto piece = std::span{memory}.first(static_cast<std::size_t>(std::min(count, size - offset)));
    of.read_at(offset, piece);
    const std::uint64_t end = offset + piece.size();
    for (const auto& range : ranges) {
      const std::uint64_t from = std::clamp(range.offset, offset, end);
      const std::uint64_t to = std::clamp(range.offset + range.count, offset, end);
      std::fill(piece.begin() + static_cast<std::ptrdiff_t>(from - offset),
                piece.begin() + static_cast<std::ptrdiff_t>(to - offset), std::byte{0});
    }
    digest.add(piece);
  };
  add(0, 1024);
  for (std::uint64_t i = 0; i < pieces; ++i) add(size / pieces * i, memory.size());
  return digest.value();
}

MRCZ_INLINE bool fits(const undo_content& record, const file& of) {
  return of.size() >= record.file_size && witness_of(of, record.file_size, record.ranges) == record.witness;
}

/// The inode, or what the system has instead.
MRCZ_INLINE std::uint64_t number_of(const file& of) { return of.status().identity[1]; }

/// Calls `f(piece, offset in the file)` for the bytes of all ranges in pieces of bounded size, one after the other,
/// with the first byte that follows in the record. Ends early if `f` returns false, and returns what `f` returned last.
template <class F>
bool for_each_piece(std::span<const byte_range> ranges, std::uint64_t at, F&& f) {
  constexpr std::uint64_t most = std::uint64_t{1} << 20U;
  buffer memory;
  for (const auto& range : ranges)
    for (std::uint64_t done = 0; done < range.count;) {
      const auto piece = memory.acquire(static_cast<std::size_t>(std::min(most, range.count - done)));
      if (!f(piece, range.offset + done, at)) return false;
      done += piece.size();
      at += piece.size();
    }
  return true;
}

/// Everything before the old bytes.
MRCZ_INLINE std::vector<std::byte> encode_front(const undo_content& content, std::uint64_t digest_of_old_bytes) {
  std::vector<std::byte> bytes(undo_header_bytes + undo_range_bytes * content.ranges.size());
  const auto put = [&](std::size_t at, std::uint64_t value) { store(bytes.data() + at, value, std::endian::little); };
  const auto magic = std::as_bytes(std::span{undo_magic});
  std::copy(magic.begin(), magic.end(), bytes.begin());
  put(16, bytes.size() + content.old_bytes);
  put(24, content.file_size);
  put(32, content.witness);
  put(40, content.number);
  put(48, digest_of_old_bytes);
  put(56, content.ranges.size());
  for (std::size_t i = 0; i < content.ranges.size(); ++i) {
    put(undo_header_bytes + undo_range_bytes * i, content.ranges[i].offset);
    put(undo_header_bytes + undo_range_bytes * i + 8, content.ranges[i].count);
  }
  put(8, digest_of(std::span{bytes}.subspan(16)));
  return bytes;
}

MRCZ_INLINE undo_record::undo_record(const std::filesystem::path& of) {
  std::error_code failure;
  path_ = std::filesystem::canonical(of, failure);
  if (failure) path_ = std::filesystem::absolute(of, failure);
  path_ += suffix;
}

MRCZ_INLINE undo_record::found undo_record::look(std::optional<file>& opened) const {
  file_status there;
  if (!get_status(path_, there)) {
    const auto reason = last_error();
    if (reason == std::errc::no_such_file_or_directory || reason == std::errc::filename_too_long) return found::nothing;
    fail_system(reason, "cannot inspect the undo record", path_.string());
  }
  if (!there.is_regular) return found::foreign;
  opened.emplace(path_, file::access::read);
  std::array<std::byte, undo_magic.size()> bytes;
  const auto first =
      std::span{bytes}.first(static_cast<std::size_t>(std::min<std::uint64_t>(opened->size(), undo_magic.size())));
  opened->read_at(0, first);
  const auto magic = std::as_bytes(std::span{undo_magic});
  // after a power failure there may be zeros in place of what was not written
  if (std::all_of(first.begin(), first.end(), [](std::byte b) { return b == std::byte{0}; })) return found::blank;
  return std::equal(first.begin(), first.end(), magic.begin()) ? found::record : found::foreign;
}

MRCZ_INLINE bool undo_record::decode(const file& record, const file& of, undo_content& into) {
  const std::uint64_t size = record.size();
  if (size < undo_header_bytes) return false;
  std::vector<std::byte> front(undo_header_bytes);
  record.read_at(0, front);
  const auto number = [&](std::size_t at) { return load<std::uint64_t>(front.data() + at, std::endian::little); };
  const std::uint64_t count = number(56);
  if (number(16) != size || count > most_ranges || count > (size - undo_header_bytes) / undo_range_bytes) return false;
  front.resize(undo_header_bytes + undo_range_bytes * static_cast<std::size_t>(count));
  record.read_at(undo_header_bytes, std::span{front}.subspan(undo_header_bytes));
  if (digest_of(std::span{front}.subspan(16)) != number(8)) return false;
  into = {.file_size = number(24),
          .witness = number(32),
          .number = number(40),
          .ranges = {},
          .old_bytes = size - front.size(),
          .old_bytes_begin = front.size(),
          .owner = record.status().owner};  // of what was opened, wherever the name leads by now
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (std::size_t at = undo_header_bytes; at < front.size(); at += undo_range_bytes) {
    const byte_range range{number(at), number(at + 8)};
    if (range.offset < end || range.offset > into.file_size || range.count > into.file_size - range.offset)
      return false;
    end = range.offset + range.count;
    total += range.count;
    into.ranges.push_back(range);
  }
  if (total != into.old_bytes) return false;
  if (into.file_size > of.size()) return true;
  fnv_digest digest;
  for_each_piece(into.ranges, into.old_bytes_begin, [&](std::span<std::byte> piece, std::uint64_t, std::uint64_t at) {
    record.read_at(at, piece);
    digest.add(piece);
    return true;
  });
  return digest.value() == number(48);
}

MRCZ_INLINE std::optional<undo_content> undo_record::read(const file& of) const {
  std::optional<file> record;
  return read(of, record);
}

MRCZ_INLINE std::optional<undo_content> undo_record::read(const file& of, std::optional<file>& record) const {
  undo_content content;
  if (look(record) != found::record || !decode(*record, of, content)) return std::nullopt;
  return content;
}

MRCZ_INLINE bool undo_record::exists() const {
  std::optional<file> opened;
  return look(opened) == found::record;
}

MRCZ_INLINE void undo_record::keep(const file& of, std::span<const byte_range> ranges) const {
  if (ranges.size() > most_ranges)
    fail(errc::too_large, "{} places of a file are to be changed, more than an undo record has", ranges.size());
  undo_content content{.file_size = of.size(), .number = number_of(of), .ranges = {}};
  for (byte_range range : ranges) {
    if (range.offset >= content.file_size) continue;
    range.count = std::min(range.count, content.file_size - range.offset);
    content.old_bytes += range.count;
    content.ranges.push_back(range);
  }
  content.old_bytes_begin = undo_header_bytes + undo_range_bytes * content.ranges.size();
  content.witness = witness_of(of, content.file_size, content.ranges);

  const auto refuse = [&](std::error_code reason) {
    fail_system(reason, text("cannot write '{}', which keeps the old bytes during the change", path_.string()),
                of.path().string());
  };
  folder beside;
  if (!beside.open(path_.parent_path())) refuse(last_error());
  owned_handle made{beside.create(path_.filename(), true)};
  if (!made) refuse(last_error());
  try {
    static_cast<void>(take_over(made.get(), of.status()));  // otherwise it stays for its owner alone
    file record{std::move(made), path_};
    fnv_digest digest;
    record.write_at(0, std::as_bytes(std::span{undo_magic}));  // so that what a kill leaves is known for a record
    for_each_piece(content.ranges, content.old_bytes_begin,
                   [&](std::span<std::byte> piece, std::uint64_t offset, std::uint64_t at) {
                     of.read_at(offset, piece);
                     digest.add(piece);
                     record.write_at(at, piece);
                     return true;
                   });
    record.write_at(0, encode_front(content, digest.value()));
    record.sync();
    if (!beside.sync()) refuse(last_error());
  } catch (...) {
    beside.remove(path_.filename());
    throw;
  }
}

MRCZ_INLINE bool undo_record::holds_old_bytes(const undo_content& content, const file& of) const {
  if (of.size() < content.file_size) return false;
  const file record{path_, file::access::read};
  buffer memory;
  return for_each_piece(content.ranges, content.old_bytes_begin,
                        [&](std::span<std::byte> piece, std::uint64_t offset, std::uint64_t at) {
                          const auto now = memory.acquire(piece.size());
                          record.read_at(at, piece);
                          of.read_at(offset, now);
                          return std::equal(piece.begin(), piece.end(), now.begin());
                        });
}

MRCZ_INLINE bool undo_record::is_obsolete(const undo_content& content, const file& of) const {
  return content.number != number_of(of) || holds_old_bytes(content, of);
}

MRCZ_INLINE void undo_record::require_trusted(unsigned owner, const file& of) const {
  if (owner == of.status().owner || owner == user_id() || owner == 0) return;
  fail_system(std::make_error_code(std::errc::permission_denied),
              text("'{}' keeps old bytes of an interrupted change, but it belongs to another user", path_.string()),
              of.path().string());
}

MRCZ_INLINE void undo_record::roll_back(file& of) const {
  std::optional<file> record;
  const found there = look(record);
  if (there == found::nothing || there == found::foreign) return;
  undo_content content;
  const bool complete = there == found::record && decode(*record, of, content);
  if (complete && !fits(content, of)) {
    if (is_obsolete(content, of)) {
      record.reset();  // Windows removes no file that is open
      try {
        remove();
      } catch (const error&) {  // NOLINT(bugprone-empty-catch): if it stays, it only keeps changes from beginning
      }
      return;
    }
    fail_system(stale_error(),
                text("'{}' keeps old bytes of an interrupted change, but another program has changed the file since; "
                     "remove that record if the file is as it should be",
                     path_.string()),
                of.path().string());
  }
  if (complete) {
    require_trusted(content.owner, of);
    for_each_piece(content.ranges, content.old_bytes_begin,
                   [&](std::span<std::byte> piece, std::uint64_t offset, std::uint64_t at) {
                     record->read_at(at, piece);
                     of.write_at(offset, piece);
                     return true;
                   });
    if (of.size() > content.file_size) of.truncate(content.file_size);
    of.sync();
  }
  record.reset();
  remove();
}

MRCZ_INLINE bool undo_record::remove() const {
  const auto refuse = [&] { fail_system(last_error(), "cannot remove the undo record", path_.string()); };
  folder beside;
  if (!beside.open(path_.parent_path())) refuse();
  const bool removed = beside.remove(path_.filename());
  if (!removed && last_error() != std::errc::no_such_file_or_directory) refuse();
  if (!beside.sync()) refuse();
  return removed;
}

MRCZ_INLINE void undo_record::discard_of_others(std::uint64_t number) const noexcept {
  try {
    std::optional<file> opened;
    if (look(opened) != found::record || opened->size() < undo_header_bytes) return;
    std::array<std::byte, undo_header_bytes> front;
    opened->read_at(0, front);
    const auto found_number = load<std::uint64_t>(front.data() + 40, std::endian::little);
    if (found_number == 0 || found_number == number) return;  // 0 as long as it is being written
    opened.reset();
    remove();
  } catch (...) {  // NOLINT(bugprone-empty-catch): a record that stays does not fit the new file
  }
}

}  // namespace detail

MRCZ_INLINE std::optional<pending_change> pending_undo(const std::filesystem::path& path) {
  const detail::undo_record record{path};
  if (!record.exists()) return std::nullopt;
  const file of{path, file::access::read};
  const auto content = record.read(of);
  if (!content) return std::nullopt;
  const bool fits = detail::fits(*content, of);
  return pending_change{.record = record.path(),
                        .offset = content->ranges.empty() ? content->file_size : content->ranges.front().offset,
                        .bytes = content->old_bytes,
                        .fits = fits,
                        .obsolete = !fits && record.is_obsolete(*content, of)};
}

}  // namespace mrcz
