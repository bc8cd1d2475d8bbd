/// Definitions of `repair.hpp`.
#pragma once

#include "mrcz/repair.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

#include "mrcz/copy_slices.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/edit.hpp"
#include "mrcz/format/extended_header.hpp"
#include "mrcz/format/geometry.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/labels.hpp"
#include "mrcz/format/records.hpp"
#include "mrcz/format/validate.hpp"
#include "mrcz/metadata.hpp"

namespace mrcz {

MRCZ_INLINE std::string to_string(const change& c) {
  return detail::text("{} (byte {}): {} -> {}", c.what, c.offset, c.before, c.after);
}

namespace detail {

MRCZ_INLINE std::string quoted(std::span<const std::byte> bytes) {
  return printable({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

MRCZ_INLINE std::string quoted_label(std::span<const std::byte> bytes) {
  return printable(labels::trimmed({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

MRCZ_INLINE std::vector<change> changes_between(const header_bytes& before, const header_bytes& after,
                                                std::endian order) {
  std::vector<change> all;
  const auto differs = [&](std::size_t at, std::size_t size) {
    return !std::equal(before.begin() + static_cast<std::ptrdiff_t>(at),
                       before.begin() + static_cast<std::ptrdiff_t>(at + size),
                       after.begin() + static_cast<std::ptrdiff_t>(at));
  };
  const auto number = [&]<class Number>(const field_place& place, const Number&) {
    if (!differs(place.offset, sizeof(Number))) return;
    all.push_back({place.name, place.offset, text("{}", load<Number>(before.data() + place.offset, order)),
                   text("{}", load<Number>(after.data() + place.offset, order))});
  };
  const auto characters = [&]<class Characters>(const field_place& place, const Characters& field) {
    if (!differs(place.offset, field.size())) return;
    all.push_back({place.name, place.offset, quoted(std::span{before}.subspan(place.offset, field.size())),
                   quoted(std::span{after}.subspan(place.offset, field.size()))});
  };
  const header layout;
  for_each_number(number, layout);
  for_each_text(characters, layout);
  for (std::size_t i = 0; i < labels::capacity; ++i) {
    const std::size_t at = labels_offset + i * labels::length;
    const auto old_label = quoted_label(std::span{before}.subspan(at, labels::length));
    const auto new_label = quoted_label(std::span{after}.subspan(at, labels::length));
    if (old_label != new_label) all.push_back({text("LABEL {}", i), at, old_label, new_label});
  }
  std::sort(all.begin(), all.end(), [](const change& a, const change& b) { return a.offset < b.offset; });
  return all;
}

/// An EXTTYP that is known: that of the file, or else the one that its bytes have.
MRCZ_INLINE std::array<char, 4> mended_exttyp(const extended_header& found) {
  if (found.empty()) return {};
  if (is_known_exttyp(found.exttyp)) return found.exttyp;
  if (found.is_symmetry_text()) return exttyp_symmetry;
  if (has_seri_records(found)) return seri::exttyp;
  if (has_agar_records(found)) return agar::exttyp;
  fail(errc::bad_header,
       {.byte = 104,
        .found = text("EXTTYP is {}, and the {} bytes of the extended header do not show what they are",
                      quoted(std::as_bytes(std::span{found.exttyp})), found.bytes.size()),
        .expected = known_exttyps});
}

/// The slices that a repaired copy has.
MRCZ_INLINE std::size_t slices_to_keep(const reader& in) {
  const slice_table& slices = in.slices();
  const std::size_t there = slices.complete();
  if (!slices.is_cut_off() || there == 0) slices.require(slices.claimed());
  if (there == slices.claimed() || in.kind() != kind::volume_stack) return there;
  const auto depth = static_cast<std::size_t>(std::max(in.header().slices_per_frame(), 1));
  return there < depth ? there : there - there % depth;
}

/// What is left out of the file, and an interrupted change that is undone.
MRCZ_INLINE std::vector<change> changes_of_content(const reader& in, std::size_t kept) {
  const slice_table& slices = in.slices();
  const std::size_t last = slices.claimed() - 1;
  std::vector<change> all;
  for (const auto& remark : in.remarks())
    if (remark.field == "undo record" && remark.severity == severity::error)
      all.push_back({remark.field, remark.offset, remark.found, "undone"});
  if (kept < slices.claimed())
    all.push_back({kept == last ? text("slice {}", last) : text("slices {} to {}", kept, last),
                   kept < slices.complete() ? slices[kept].offset : slices.end(), slices.found(), "left out"});
  else if (in.source().size() > slices.end())
    all.push_back({"file size", slices.end(), text("{} bytes after the last slice", in.source().size() - slices.end()),
                   "left out"});
  return all;
}

}  // namespace detail

MRCZ_INLINE std::vector<change> repair(const reader& in, writer& out) {
  return detail::with_context(in.source().name(), [&] {
    (void)in.metadata();  // throws if they are damaged
    const std::size_t kept = detail::slices_to_keep(in);
    const range z{.first = 0, .count = kept};
    out.header() = kept == in.slices().claimed() ? in.header() : cropped(in.header(), {.z = z});
    auto extended = in.extended_header();
    extended.exttyp = detail::mended_exttyp(extended);
    if (kept < in.slices().claimed()) extended = detail::of_sections(std::move(extended), 0, kept);
    if (!extended.empty()) out.set_extended_header(std::move(extended));
    if (in.codec() != codec::none && can_copy_packed(in, out)) copy_packed_slices(in, z, out);
    else copy_slices(in, z, out);

    header_bytes before;
    in.source().read_at(0, before);
    const header finished = detail::steps_of_writing::finished_header(out);
    auto all = detail::changes_between(before, encode(finished), finished.byte_order);
    std::ranges::move(detail::changes_of_content(in, kept), std::back_inserter(all));
    out.close();
    return all;
  });
}

MRCZ_INLINE std::vector<change> repair_in_place(const std::filesystem::path& path, const read_options& options) {
  const auto exttyp_of = [](const reader& in) {
    const auto& slices = in.slices();
    slices.require(slices.claimed());
    if (!slices.compressed() && in.source().size() > slices.end())
      detail::fail(errc::bad_header,
                   {.byte = slices.end(),
                    .found = detail::text("{} bytes follow the last slice", in.source().size() - slices.end()),
                    .expected = "none; a repaired copy leaves them out"});
    (void)in.metadata();  // throws if they are damaged
    return detail::mended_exttyp(in.extended_header());
  };
  const auto [before, after, order] = detail::rewrite_header(path, options, exttyp_of);
  return detail::changes_between(before, after, order);
}

}  // namespace mrcz
