/// Puts old bytes over those of a file while it is read.
#pragma once

#include "mrcz/io/undone_file.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/undo_record.hpp"

namespace mrcz::detail {

class undone_file final : public byte_source {
 public:
  undone_file(file&& of, file&& record, undo_content&& content)
      : file_{std::move(of)}, record_{std::move(record)}, content_{std::move(content)} {}

  std::uint64_t size() const override { return content_.file_size; }

  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    file_.read_at(offset, into);
    const std::uint64_t end = offset + into.size();
    std::uint64_t at = content_.old_bytes_begin;
    for (const auto& range : content_.ranges) {
      const std::uint64_t from = std::clamp(range.offset, offset, end);
      const std::uint64_t to = std::clamp(range.offset + range.count, offset, end);
      if (from < to)
        record_.read_at(at + (from - range.offset),
                        into.subspan(static_cast<std::size_t>(from - offset), static_cast<std::size_t>(to - from)));
      at += range.count;
    }
  }

  std::string name() const override { return file_.path().string(); }

 private:
  file file_;
  file record_;
  undo_content content_;
};

MRCZ_INLINE std::shared_ptr<const byte_source> open_undone(const std::filesystem::path& path) {
  const undo_record record{path};
  file opened{path, file::access::read};
  try {
    std::optional<file> old_bytes;
    auto content = record.read(opened, old_bytes);
    if (content && fits(*content, opened)) {
      record.require_trusted(content->owner, opened);
      return std::make_shared<undone_file>(std::move(opened), std::move(*old_bytes), std::move(*content));
    }
  } catch (const error&) {  // NOLINT(bugprone-empty-catch): the record has just been removed, or may not be read
  }
  return std::make_shared<file_source>(std::move(opened));
}

}  // namespace mrcz::detail
