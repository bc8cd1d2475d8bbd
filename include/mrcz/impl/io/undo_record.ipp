/// Keeps old bytes, and puts them back.
#pragma once

#include "mrcz/io/undo_record.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

namespace detail {

inline constexpr std::string_view undo_magic = "undo-1\r\n";
inline constexpr std::size_t undo_header_bytes = 56;
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

/// Whether the file holds the bytes that the record keeps.
MRCZ_INLINE bool holds_old_bytes(const undo_content& record, const file& of) {
  if (of.size() < record.file_size) return false;
  std::span<const std::byte> rest{record.old_bytes};
  for (const auto& range : record.ranges) {
    std::vector<std::byte> now(static_cast<std::size_t>(range.count));
    of.read_at(range.offset, now);
    if (!std::equal(now.begin(), now.end(), rest.begin())) return false;
    rest = rest.subspan(now.size());
  }
  return true;
}

MRCZ_INLINE bool is_obsolete(const undo_content& record, const file& of) {
  return record.number != number_of(of) || holds_old_bytes(record, of);
}

MRCZ_INLINE std::vector<std::byte> encode_record(const undo_content& content) {
  std::vector<std::byte> bytes(undo_header_bytes + undo_range_bytes * content.ranges.size());
  const auto put = [&](std::size_t at, std::uint64_t value) { store(bytes.data() + at, value, std::endian::little); };
  const auto magic = std::as_bytes(std::span{undo_magic});
  std::copy(magic.begin(), magic.end(), bytes.begin());
  put(16, bytes.size() + content.old_bytes.size());
  put(24, content.file_size);
  put(32, content.witness);
  put(40, content.number);
  put(48, content.ranges.size());
  for (std::size_t i = 0; i < content.ranges.size(); ++i) {
    put(undo_header_bytes + undo_range_bytes * i, content.ranges[i].offset);
    put(undo_header_bytes + undo_range_bytes * i + 8, content.ranges[i].count);
  }
  bytes.insert(bytes.end(), content.old_bytes.begin(), content.old_bytes.end());
  fnv_digest digest;
  digest.add(std::span{bytes}.subspan(16));
  put(8, digest.value());
  return bytes;
}

/// Returns false unless the bytes are a complete record.
MRCZ_INLINE bool decode_record(std::span<const std::byte> bytes, undo_content& into) {
  const auto number = [&](std::size_t at) { return load<std::uint64_t>(bytes.data() + at, std::endian::little); };
  fnv_digest digest;
  digest.add(bytes.subspan(16));
  if (digest.value() != number(8) || number(16) != bytes.size()) return false;
  into.file_size = number(24);
  into.witness = number(32);
  const std::uint64_t room = (bytes.size() - undo_header_bytes) / undo_range_bytes;
  into.number = number(40);
  if (number(48) > room) return false;
  const auto count = static_cast<std::size_t>(number(48));
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const byte_range range{number(undo_header_bytes + undo_range_bytes * i),
                           number(undo_header_bytes + undo_range_bytes * i + 8)};
    if (range.offset < end || range.offset > into.file_size || range.count > into.file_size - range.offset)
      return false;
    end = range.offset + range.count;
    total += range.count;
    into.ranges.push_back(range);
  }
  const auto old_bytes = bytes.subspan(undo_header_bytes + undo_range_bytes * count);
  into.old_bytes.assign(old_bytes.begin(), old_bytes.end());
  return total == old_bytes.size();
}

MRCZ_INLINE undo_record::undo_record(const std::filesystem::path& of) {
  std::error_code failure;
  path_ = std::filesystem::canonical(of, failure);
  if (failure) path_ = std::filesystem::absolute(of, failure);
  path_ += suffix;
}

MRCZ_INLINE undo_record::found undo_record::read(undo_content& into) const {
  file_status there;
  if (!get_status(path_, there)) {
    const auto reason = last_error();
    if (reason == std::errc::no_such_file_or_directory || reason == std::errc::filename_too_long) return found::nothing;
    fail_system(reason, "cannot inspect the undo record", path_.string());
  }
  if (!there.is_regular) return found::foreign;
  const file record{path_, file::access::read};
  const std::uint64_t size = record.size();
  into.owner = record.status().owner;  // of what was opened, wherever the name leads by now
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, undo_header_bytes)));
  record.read_at(0, bytes);
  const auto first = std::span{bytes}.first(std::min(bytes.size(), undo_magic.size()));
  const auto magic = std::as_bytes(std::span{undo_magic}).first(first.size());
  // after a power failure there may be zeros in place of what was not written
  const bool blank = std::all_of(first.begin(), first.end(), [](std::byte b) { return b == std::byte{0}; });
  if (!blank && !std::equal(first.begin(), first.end(), magic.begin())) return found::foreign;
  if (blank) return found::blank;
  if (bytes.size() < undo_header_bytes || load<std::uint64_t>(bytes.data() + 16, std::endian::little) != size)
    return found::incomplete;
  bytes.resize(size_in_memory(size, "an undo record"));
  record.read_at(0, bytes);
  return decode_record(bytes, into) ? found::complete : found::incomplete;
}

MRCZ_INLINE std::optional<undo_content> undo_record::read() const {
  std::optional<undo_content> content{std::in_place};
  if (read(*content) != found::complete) content.reset();
  return content;
}

MRCZ_INLINE void undo_record::keep(const file& of, std::span<const byte_range> ranges) const {
  undo_content content;
  content.file_size = of.size();
  for (byte_range range : ranges) {
    if (range.offset >= content.file_size) continue;
    range.count = std::min(range.count, content.file_size - range.offset);
    const std::size_t at = content.old_bytes.size();
    content.old_bytes.resize(size_in_memory(at + range.count, "what is overwritten in place"));
    of.read_at(range.offset, std::span{content.old_bytes}.subspan(at));
    content.ranges.push_back(range);
  }
  content.witness = witness_of(of, content.file_size, content.ranges);
  content.number = number_of(of);
  const auto bytes = encode_record(content);

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
    record.write_at(0, bytes);
    record.sync();
    if (!beside.sync()) refuse(last_error());
  } catch (...) {
    beside.remove(path_.filename());
    throw;
  }
}

MRCZ_INLINE void undo_record::require_trusted(unsigned owner, const file& of) const {
  if (owner == of.status().owner || owner == user_id() || owner == 0) return;
  fail_system(std::make_error_code(std::errc::permission_denied),
              text("'{}' keeps old bytes of an interrupted change, but it belongs to another user", path_.string()),
              of.path().string());
}

MRCZ_INLINE void undo_record::roll_back(file& of) const {
  undo_content content;
  const found there = read(content);
  if (there == found::nothing || there == found::foreign) return;
  if (there == found::complete && !fits(content, of)) {
    if (is_obsolete(content, of)) return discard();
    fail_system(stale_error(),
                text("'{}' keeps old bytes of an interrupted change, but another program has changed the file since; "
                     "remove that record if the file is as it should be",
                     path_.string()),
                of.path().string());
  }
  if (there == found::complete) {
    require_trusted(content.owner, of);
    std::span<const std::byte> rest{content.old_bytes};
    for (const auto& range : content.ranges) {
      of.write_at(range.offset, rest.first(static_cast<std::size_t>(range.count)));
      rest = rest.subspan(static_cast<std::size_t>(range.count));
    }
    if (of.size() > content.file_size) of.truncate(content.file_size);
    of.sync();
  }
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

MRCZ_INLINE void undo_record::discard() const noexcept {
  try {
    undo_content content;
    if (const found there = read(content); there == found::incomplete || there == found::complete) remove();
  } catch (...) {  // NOLINT(bugprone-empty-catch): a record that stays does not fit the new file
  }
}

}  // namespace detail

MRCZ_INLINE std::optional<pending_change> pending_undo(const std::filesystem::path& path) {
  const detail::undo_record record{path};
  const auto content = record.read();
  if (!content) return std::nullopt;
  const file of{path, file::access::read};
  const bool fits = detail::fits(*content, of);
  return pending_change{.record = record.path(),
                        .offset = content->ranges.empty() ? content->file_size : content->ranges.front().offset,
                        .bytes = content->old_bytes.size(),
                        .fits = fits,
                        .obsolete = !fits && detail::is_obsolete(*content, of)};
}

}  // namespace mrcz
