/// Definitions of `edit.hpp`.
#pragma once

#include "mrcz/edit.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mrcz/compose_header.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/mode_word.hpp"
#include "mrcz/format/slice_table.hpp"
#include "mrcz/io/locked_file.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz {

namespace detail {

/// A file that is changed in place. It is opened once: what is read is what will be changed.
struct file_in_place {
  std::shared_ptr<locked_file> file;
  reader in;

  explicit file_in_place(const std::filesystem::path& path)
      : file{std::make_shared<locked_file>(path)}, in{std::make_unique<shared_source>(file)} {}
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

/// What the bytes after the header determine. The statistics are not among it: they stay, or the caller knows them.
MRCZ_INLINE file_content content_of(const reader& in, const header_fields& fields) {
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
          .exttyp = h.exttyp,
          .extended_bytes = data_offset(in.source().size(), h) - header_size};
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

/// The header of the file with what the caller states. Throws if this contradicts the rest of the file.
MRCZ_INLINE header_bytes edited(header_fields fields, const reader& in) {
  follow_kind(fields, in.header());
  const write_options options{.byte_order = in.header().byte_order, .statistics = false};
  const auto content = content_of(in, fields);
  const auto composed = compose_header(fields, content, options);
  require_same_voxels(composed, fields, in);
  require_as_stated(composed, fields, content, options);
  return encode(composed);
}

/// Writes the header by one write, unless the file has it already.
MRCZ_INLINE void replace_header(locked_file& file, const header_bytes& wanted) {
  header_bytes found;
  file.read_at(0, found);
  if (found == wanted) return;
  file.require_unchanged();
  file.write_at(0, wanted);
  file.sync();
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

}  // namespace mrcz
