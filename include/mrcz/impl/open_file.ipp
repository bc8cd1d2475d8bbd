/// Definitions of `open_file.hpp`.
#pragma once

#include "mrcz/open_file.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mrcz/core/error.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/io/packed.hpp"
#include "mrcz/io/spool.hpp"
#include "mrcz/read_header.hpp"

namespace mrcz::detail {

/// The size of a file whose end has not been seen.
inline constexpr std::uint64_t unknown_size = UINT64_MAX;

/// Some programs write something after the slices; so much of it is accepted in a file that must be unpacked.
inline constexpr std::uint64_t most_bytes_after_slices = std::uint64_t{1} << 20U;

MRCZ_INLINE std::uint64_t most_bytes(const header& h) noexcept {
  constexpr std::uint64_t chunk_overhead = 16;
  const auto word = decode_mode_word(h.mode);
  if (!word || h.nx <= 0 || h.ny <= 0 || h.nz <= 0) return 0;
  const auto times = [](std::uint64_t a, std::uint64_t b) { return a > unknown_size / b ? unknown_size : a * b; };
  const auto plus = [](std::uint64_t a, std::uint64_t b) { return a > unknown_size - b ? unknown_size : a + b; };
  const std::uint64_t slice =
      plus(times(row_bytes(word->mode, static_cast<std::uint64_t>(h.nx)), static_cast<std::uint64_t>(h.ny)),
           word->codec == codec::none ? 0 : chunk_overhead);
  return plus(times(slice, static_cast<std::uint64_t>(h.nz)),
              header_size + static_cast<std::uint64_t>(std::max(h.nsymbt, 0)));
}

/// The first bytes of a file: 1024, or fewer if it is shorter.
class file_beginning {
 public:
  explicit file_beginning(const byte_source& source)
      : size_{static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), header_size))} {
    source.read_at(0, std::span{bytes_}.first(size_));
  }
  explicit file_beginning(sequential_source& from) : size_{from.read(bytes_)} {}

  std::span<const std::byte> bytes() const noexcept { return std::span{bytes_}.first(size_); }
  /// How the file is packed. NX of an MRC file could have the bytes with which a packed file begins.
  mrcz::packing packing() const {
    const auto how = packing_of(bytes());
    if (how == mrcz::packing::none || size_ < header_size) return how;
    const auto h = decode(bytes_, unknown_size);
    return has_map(h) && makes_sense(h) ? mrcz::packing::none : how;
  }
  bool is_bloscpack() const noexcept {
    return std::string_view{reinterpret_cast<const char*>(bytes_.data()), std::min<std::size_t>(size_, 4)} == "blpk";
  }

  /// Opens the content of a bloscpack file. Null if the file is none, or the program cannot open it.
  bloscpack_opener opener() const noexcept { return is_bloscpack() ? opener_of_bloscpack.load() : nullptr; }

  /// The header of a file of which the end has not been seen, unless it is shorter than a header.
  mrcz::header header(std::optional<std::endian> order) const {
    return header_of(bytes(), size_ < header_size ? size_ : unknown_size, order);
  }

 private:
  header_bytes bytes_{};
  std::size_t size_;
};

/// Calls `action`, which reads what was packed. Adds this to its error about a file that is not MRC.
template <class Action>
decltype(auto) in_packed(packing how, Action&& action) {
  try {
    return action();
  } catch (const error& e) {
    if (how == packing::none || e.code() != errc::not_mrc) throw;
    rethrow_with({.remark = text("this is about what {} packed", name_of(how))});
  }
}

/// Keeps a file whose header says that it has `said` bytes.
MRCZ_INLINE std::unique_ptr<const byte_source> spooled(sequential_source& from, std::uint64_t said,
                                                       const spool_limits& limits) {
  try {
    return std::make_unique<spool>(from, limits);
  } catch (const error& e) {
    if (e.code() != errc::too_large) throw;
    rethrow_with({.remark = text("its header says that it has {}", said)});
  }
}

/// Opens an MRC file that can be read only in order.
MRCZ_INLINE opened_file open_in_order(sequential_source& content, packing how, const open_options& options) {
  return in_packed(how, [&] {
    const file_beginning beginning{content};
    const std::uint64_t said = most_bytes(beginning.header(options.byte_order));
    const std::uint64_t most =
        said > unknown_size - most_bytes_after_slices ? unknown_size : said + most_bytes_after_slices;
    rejoined_source whole{beginning.bytes(), content};
    opened_file opened{spooled(whole, said, {most, options.spool_bytes, options.stop}), {}, how};
    opened.header = load_header(*opened.source, options.byte_order);
    return opened;
  });
}

MRCZ_INLINE opened_file open_packed(const byte_source& source, packing how, const open_options& options) {
  source_in_order packed{source};
  unpacked_stream content{packed, how, options.incomplete};
  return open_in_order(content, how, options);
}

MRCZ_INLINE opened_file open_file(std::unique_ptr<const byte_source> source, const open_options& options) {
  const std::string name = source->name();
  return with_context(name, [&]() -> opened_file {
    const file_beginning beginning{*source};
    if (const auto how = beginning.packing(); how != packing::none) return open_packed(*source, how, options);
    if (const auto opener = beginning.opener()) {
      source = opener(std::move(source));
      auto h = load_header(*source, options.byte_order);
      return {std::move(source), h};
    }
    const auto h = header_of(beginning.bytes(), source->size(), options.byte_order);
    return {std::move(source), h};
  });
}

MRCZ_INLINE std::unique_ptr<const byte_source> unpacked(std::unique_ptr<const byte_source> source,
                                                        const open_options& options) {
  const std::string name = source->name();
  return with_context(name, [&]() -> std::unique_ptr<const byte_source> {
    const file_beginning beginning{*source};
    if (const auto how = beginning.packing(); how != packing::none) return open_packed(*source, how, options).source;
    const auto opener = beginning.opener();
    return opener != nullptr ? opener(std::move(source)) : std::move(source);
  });
}

MRCZ_INLINE opened_file open_file(sequential_source& from, const open_options& options) {
  return with_context(from.name(), [&] {
    const file_beginning beginning{from};
    rejoined_source whole{beginning.bytes(), from};
    const auto how = beginning.packing();
    if (how == packing::none) return open_in_order(whole, how, options);
    unpacked_stream content{whole, how, options.incomplete};
    return open_in_order(content, how, options);
  });
}

/// The first bytes of a longer source that was not unpacked.
class unpacked_beginning final : public byte_source {
 public:
  unpacked_beginning(std::vector<std::byte>&& content, std::uint64_t size, std::string&& name)
      : content_{std::move(content)}, size_{size}, name_{std::move(name)} {}

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset + into.size() > content_.size())
      fail(errc::out_of_range, {.path = name_, .byte = offset, .found = "only the headers were unpacked"});
    std::copy_n(content_.data() + offset, into.size(), into.data());
  }
  std::string name() const override { return name_; }

 private:
  std::vector<std::byte> content_;
  std::uint64_t size_;
  std::string name_;
};

/// A source whose first bytes are read at once, because header and extended header are often among them.
class remembered_beginning final : public byte_source {
 public:
  explicit remembered_beginning(std::unique_ptr<const byte_source> source)
      : source_{std::move(source)}, size_{static_cast<std::size_t>(std::min<std::uint64_t>(source_->size(), 4096))} {
    source_->read_at(0, std::span{bytes_}.first(size_));
  }

  std::uint64_t size() const override { return source_->size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const auto begin = static_cast<std::size_t>(std::min<std::uint64_t>(offset, size_));
    const auto known = std::span{bytes_}.first(size_).subspan(begin, std::min(size_ - begin, into.size()));
    std::ranges::copy(known, into.begin());
    if (known.size() < into.size()) source_->read_at(offset + known.size(), into.subspan(known.size()));
  }
  std::string name() const override { return source_->name(); }

 private:
  std::unique_ptr<const byte_source> source_;
  std::array<std::byte, 4096> bytes_{};
  std::size_t size_;
};

MRCZ_INLINE opened_file open_headers(std::unique_ptr<const byte_source> from, const open_options& options) {
  const std::string name = from->name();
  return with_context(name, [&]() -> opened_file {
    auto source = std::make_unique<remembered_beginning>(std::move(from));
    const auto how = file_beginning{*source}.packing();
    if (how == packing::none) return open_file(std::move(source), options);
    source_in_order packed{*source};
    unpacked_stream content{packed, how, options.incomplete};
    return in_packed(how, [&]() -> opened_file {
      const file_beginning beginning{content};
      auto h = beginning.header(options.byte_order);
      rejoined_source whole{beginning.bytes(), content};
      if (decode_mode_word(h.mode)->codec != codec::none) return open_in_order(whole, how, options);
      constexpr std::size_t most_at_once = std::size_t{1} << 20U;
      const std::size_t wanted = header_size + static_cast<std::size_t>(std::max(h.nsymbt, 0));
      std::vector<std::byte> bytes;
      while (bytes.size() < wanted) {
        const std::size_t before = bytes.size();
        bytes.resize(std::min(wanted, before + most_at_once));
        const std::size_t count = whole.read(std::span{bytes}.subspan(before));
        if (before + count == bytes.size()) continue;
        bytes.resize(before + count);
        break;
      }
      const std::uint64_t size = bytes.size() < wanted ? bytes.size() : most_bytes(h);
      return {std::make_unique<unpacked_beginning>(std::move(bytes), size, std::string{name}), h, how, true};
    });
  });
}

MRCZ_INLINE std::string_view packing_around(const byte_source& source) {
  const file_beginning beginning{source};
  const auto how = beginning.packing();
  return beginning.is_bloscpack() ? "bloscpack" : how == packing::none ? "" : name_of(how);
}

MRCZ_INLINE void require_plain(const byte_source& source, std::string_view what) {
  const auto how = packing_around(source);
  if (how.empty()) return;
  fail(errc::bad_option, {.path = source.name(),
                          .found = text("is packed by {}, so {}", how, what),
                          .remark = how == "bloscpack" ? "blpk decompress unpacks it"
                                                       : text("unpack it first, for instance with {} -d", how)});
}

}  // namespace mrcz::detail
