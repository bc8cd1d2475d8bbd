/// Definitions of `edit.hpp`.
#pragma once

#include "mrcz/edit.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/codec/chunk_header.hpp"
#include "mrcz/compose_header.hpp"
#include "mrcz/core/bytes.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/format/statistics.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/io/undo_record.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/slice_packer.hpp"
#include "mrcz/stored_slices.hpp"
#include "mrcz/write_options.hpp"
#include "mrcz/writer.hpp"

namespace mrcz {

namespace detail {

/// A file that is changed in place. It is opened once: what is read is what will be changed.
struct file_in_place {
  std::shared_ptr<locked_file> file;
  reader in;

  explicit file_in_place(const std::filesystem::path& path, const read_options& options = {})
      : file{opened(path)}, in{std::make_unique<shared_source>(file), options} {}

 private:
  static std::shared_ptr<locked_file> opened(const std::filesystem::path& path) {
    auto locked = std::make_shared<locked_file>(path);
    require_plain(*locked, "it cannot be changed in place");
    return locked;
  }
};

/// Whether the caller has stated a field or changed one in another way.
MRCZ_INLINE bool is_changed(const header_fields& fields, const header& before) {
  bool stated = fields.byte_order.is_stated() || fields.stated_voxel_size();
  const auto look = [&](const field_place&, const auto& field) { stated = stated || field.is_stated(); };
  for_each_number(look, fields);
  for_each_text(look, fields);
  return stated || static_cast<header>(fields) != before;
}

/// If the caller turns images into a volume or a volume into images, MZ and the height of the cell follow, unless they
/// are stated too.
MRCZ_INLINE void follow_kind(header_fields& fields, const header& before) {
  const kind wanted = static_cast<header>(fields).kind();
  if (!fields.ispg.is_stated() || fields.mz.is_stated() || is_images(wanted) == is_images(before.kind())) return;
  fields.mz.copy(is_images(wanted) ? 1 : before.nz);
  const auto voxel = before.voxel_size();
  if (voxel && !fields.cella.z.is_stated()) fields.cella.z.copy(voxel->z * static_cast<float>(fields.mz));
}

/// The voxels do not change, so their statistics stay unless they are stated, also if another header was copied.
MRCZ_INLINE void keep_statistics(header_fields& fields, const header& before) {
  const auto keep = [](header_field<float>& field, float value) {
    if (!field.is_stated()) field.copy(value);
  };
  keep(fields.dmin, before.dmin);
  keep(fields.dmax, before.dmax);
  keep(fields.dmean, before.dmean);
  keep(fields.rms, before.rms);
}

/// What the bytes after the header determine. Without `statistics`, those in the header stay, or the caller knows them.
MRCZ_INLINE file_content content_of(const reader& in, const header_fields& fields,
                                    const std::optional<statistics>& voxels = std::nullopt) {
  const header& h = in.header();
  const auto packed_bytes = [&] {
    if (!fields.packed_bytes.is_stated()) return static_cast<std::uint64_t>(h.packed_bytes);
    in.slices().require(in.slices().claimed());
    return in.slices().packed_bytes();
  };
  return {.shape = in.shape(),
          .mode = require_mode_word(h.mode),
          .unsigned_bytes = has_unsigned_bytes(h),
          .packed_bytes = packed_bytes(),
          .statistics = voxels,
          .exttyp = h.exttyp,
          .extended_bytes = data_offset(in.source().size(), h) - header_size,
          .in_place = true};
}

/// Throws unless voxels are read from the file as before.
MRCZ_INLINE void require_same_voxels(const header& composed, const header_fields& fields, const reader& in) {
  const header& before = in.header();
  if (fields.byte_order.is_stated() && fields.byte_order != before.byte_order)
    fail(errc::bad_option, "the header is stated {}-endian, but the voxels are {}-endian", name_of(fields.byte_order),
         name_of(before.byte_order));
  if (in.mode() == mode::int8 && has_unsigned_bytes(composed) != has_unsigned_bytes(before))
    fail(errc::bad_option, "IMOD's stamp is stated as {}, but then the bytes of mode 0 would no longer be read as {}",
         composed.imod_stamp, has_unsigned_bytes(before) ? "unsigned" : "signed");
  const std::uint64_t size = in.source().size();
  if (decode(encode(composed), size) != composed)
    fail(errc::bad_option, "the byte order of the file could no longer be determined from such a header");
}

MRCZ_INLINE write_options options_of(const reader& in) {
  return {.byte_order = in.header().byte_order, .statistics = false};
}

/// The header of the file with what the caller states. Throws if this contradicts the rest of the file.
MRCZ_INLINE header_bytes edited(header_fields fields, const reader& in) {
  follow_kind(fields, in.header());
  keep_statistics(fields, in.header());
  const auto content = content_of(in, fields);
  const auto composed = compose_header(fields, content, options_of(in));
  require_same_voxels(composed, fields, in);
  require_as_stated(composed, fields, content, options_of(in));
  return encode(composed);
}

/// The header of the file with other statistics, and another EXTTYP if it is given.
MRCZ_INLINE header_bytes with_statistics(const reader& in, const statistics& voxels,
                                         const std::optional<std::array<char, 4>>& exttyp = std::nullopt) {
  const header_fields fields{in.header()};
  auto content = content_of(in, fields, voxels);
  content.exttyp = exttyp.value_or(content.exttyp);
  const auto composed = compose_header(fields, content, options_of(in));
  require_same_voxels(composed, fields, in);
  return encode(composed);
}

MRCZ_INLINE header_bytes header_in(const locked_file& file) {
  header_bytes found;
  file.read_at(0, found);
  return found;
}

/// Writes the header by one write, unless the file has it already.
MRCZ_INLINE void replace_header(locked_file& file, const header_bytes& wanted) {
  if (header_in(file) == wanted) return;
  file.require_unchanged();
  file.write_at(0, wanted);
  file.sync();
}

/// New bytes of a file.
struct replacement {
  std::uint64_t offset;
  std::span<const std::byte> bytes;
};

/// Appends the parts of the header that change.
MRCZ_INLINE void add_changes(std::vector<replacement>& all, const header_bytes& found, const header_bytes& wanted) {
  for (std::size_t at = 0; at < found.size();) {
    std::size_t end = at;
    while (end < found.size() && found[end] != wanted[end]) ++end;
    if (end > at) all.push_back({at, std::span{wanted}.subspan(at, end - at)});
    at = end + 1;
  }
}

/// Overwrites all of them or, if the program ends or fails, none. They are in rising order.
MRCZ_INLINE void replace_all(locked_file& file, std::span<const replacement> all) {
  if (all.empty()) return;
  std::vector<byte_range> ranges;
  for (const auto& one : all) ranges.push_back({one.offset, one.bytes.size()});
  file.begin_change(ranges);
  for (const auto& one : all) file.write_at(one.offset, one.bytes);
  file.end_change();
}

/// A packed slice that fills its place in the file. A shorter chunk says that it is longer, and ends with zeros.
MRCZ_INLINE std::span<const std::byte> filling(std::span<const std::byte> packed, const slice_place& place,
                                               buffer& memory) {
  if (packed.size() == place.packed_bytes) return packed;
  if (packed.size() > place.packed_bytes)
    fail(errc::too_large,
         {.byte = place.offset,
          .found = text("the new chunk has {} bytes, which do not fit the place of the old one with {}; compress it "
                        "with a higher level, or write a new file",
                        packed.size(), place.packed_bytes)});
  if (chunk_header::decode(packed.first<chunk_header::size>()).stored())
    fail(errc::too_large,
         {.byte = place.offset,
          .found = text("the new chunk of {} bytes is stored, not compressed, and cannot fill the place of the old one "
                        "with {}; compress it with a higher level, or write a new file",
                        packed.size(), place.packed_bytes)});
  const auto all = memory.acquire(static_cast<std::size_t>(place.packed_bytes));
  const auto rest = std::copy(packed.begin(), packed.end(), all.begin());
  std::fill(rest, all.end(), std::byte{0});
  store(all.data() + chunk_header::size - 4, static_cast<std::uint32_t>(all.size()), std::endian::little);
  return all;
}

/// Throws unless the image can be slice z of the file.
MRCZ_INLINE void require_image(const slices& image, std::size_t z, const reader& in) {
  require_array(image);
  const auto [slices, ny, nx] = in.shape();
  if (image.rank != 2)
    fail(errc::shape_mismatch, "an image (rank 2) replaces a slice, but the array has rank {}", image.rank);
  if (image.extents[1] != ny || image.extents[2] != nx)
    fail(errc::shape_mismatch, "image has {} x {} voxels, but the slices of the file have {} x {}", image.extents[1],
         image.extents[2], ny, nx);
  if (z >= slices) fail(errc::out_of_range, "slice {} is to be replaced, but there are {}", z, slices);
  in.slices().require(z + 1);
}

MRCZ_INLINE void overwrite_slice(const std::filesystem::path& path, std::size_t z, const slices& image,
                                 const compression& wanted) {
  with_context(path.string(), [&] {
    const file_in_place opened{path};
    const reader& in = opened.in;
    require_image(image, z, in);
    const slice_packer packer{options_for(in, {.compression = wanted, .statistics = false}),
                              has_unsigned_bytes(in.header())};
    std::vector<replacement> all;
    const auto old_header = header_in(*opened.file);
    const auto new_header = in.statistics() == statistics{} ? old_header : with_statistics(in, {});
    add_changes(all, old_header, new_header);
    buffer memory;
    const slice_place place = in.slices()[z];
    const auto packed = with_context(
        path.string(), z, [&] { return packer.pack(image, 0, in.header(), thread_count(std::nullopt) - 1); });
    const auto bytes = with_context(path.string(), z, [&] { return filling(packed.bytes(), place, memory); });
    all.push_back({place.offset, bytes});
    replace_all(*opened.file, all);
  });
}

MRCZ_INLINE void edit_metadata(const std::filesystem::path& path, const extended_header& wanted) {
  with_context(path.string(), [&] {
    const file_in_place opened{path};
    const auto found = opened.in.extended_header();
    if (wanted.empty()) fail(errc::bad_option, "metadata cannot be removed in place; an empty object can replace them");
    if (!found.empty() && !found.is_json())
      fail(errc::bad_option, "the extended header has the type '{}', so it holds no metadata to replace", found.type());
    const auto json = labels::trimmed({reinterpret_cast<const char*>(wanted.bytes.data()), wanted.bytes.size()});
    if (json.size() > found.bytes.size())
      fail(errc::too_large,
           {.byte = header_size,
            .found = text("the metadata have {} bytes, but there is only room for {}; a new file can have more",
                          json.size(), found.bytes.size())});
    std::vector<std::byte> bytes(found.bytes.size(), std::byte{' '});
    std::copy_n(wanted.bytes.begin(), json.size(), bytes.begin());
    if (bytes == found.bytes) return;
    const replacement all{header_size, bytes};
    replace_all(*opened.file, {&all, 1});
  });
}

/// The statistics of all voxels, slice by slice as a writer computes them.
MRCZ_INLINE statistics summarised(const reader& in) {
  const std::size_t slices = in.shape()[0];
  in.slices().require(slices);
  const stored_slices stored{in};
  buffer_pool pool;
  const auto summarise = [&](std::size_t z) {
    buffer memory = pool.take();
    const auto made = stored.summarise(z, memory);
    pool.give_back(std::move(memory));
    return made;
  };
  running_statistics all;
  parallel_ordered<running_statistics>(slices, thread_count(std::nullopt, slices), summarise,
                                       [&](running_statistics&& made) { all += made; });
  return all.statistics();
}

MRCZ_INLINE rewritten_header rewrite_header(const std::filesystem::path& path, const read_options& options,
                                            function_ref<std::array<char, 4>(const reader&)> exttyp_of) {
  return with_context(path.string(), [&] {
    auto one_thread = options;
    one_thread.threads = 1;  // the threads of `summarised` read one slice each
    const file_in_place opened{path, one_thread};
    const auto exttyp = exttyp_of(opened.in);
    const auto before = header_in(*opened.file);
    const auto after = with_statistics(opened.in, summarised(opened.in), exttyp);
    replace_header(*opened.file, after);
    return rewritten_header{before, after, opened.in.header().byte_order};
  });
}

}  // namespace detail

MRCZ_INLINE void edit(const std::filesystem::path& path, detail::function_ref<void(header_fields&)> change) {
  detail::with_context(path.string(), [&] {
    const detail::file_in_place opened{path};
    header_fields fields{opened.in.header()};
    change(fields);
    if (!detail::is_changed(fields, opened.in.header())) return;
    detail::replace_header(*opened.file, detail::edited(fields, opened.in));
  });
}

MRCZ_INLINE void update_statistics(const std::filesystem::path& path) {
  detail::rewrite_header(path, {}, [](const reader& in) { return in.header().exttyp; });
}

}  // namespace mrcz
