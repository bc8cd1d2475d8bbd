/// What the metadata say about an array.
#pragma once

#include "mrcz/bloscpack/array.hpp"

#include <algorithm>
#include <optional>

#include "mrcz/bloscpack/pack.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"
#include "mrcz/io/atomic_file.hpp"

namespace mrcz::bloscpack {

MRCZ_INLINE std::size_t array_layout::bytes() const {
  std::size_t product = element_bytes(dtype);
  for (const std::size_t extent : shape) product = detail::checked_multiply(product, extent, "the size of the array");
  return product;
}

MRCZ_INLINE array_layout parse_layout(const metadata& values) {
  if (!values.is_object() || values.value("container", metadata{}) != "numpy")
    detail::fail_expected(errc::bad_metadata,
                          detail::text("the metadata are not those of a numpy array: container is {}",
                                       values.is_object() ? values.value("container", metadata{}).dump() : "not there"),
                          "\"numpy\"");
  array_layout layout;
  layout.dtype = parse_description(values.value("dtype", metadata{}));
  const metadata shape = values.value("shape", metadata{});
  constexpr std::size_t max_rank = 32;  // the limit of numpy
  if (!shape.is_array() || shape.size() > max_rank)
    detail::fail(errc::bad_metadata, "the shape is not a list of at most {} numbers", max_rank);
  for (const auto& extent : shape) {
    if (!extent.is_number_unsigned())
      detail::fail_expected(errc::bad_metadata, detail::text("the shape has the extent {}", extent.dump()),
                            "a number that is not negative");
    layout.shape.push_back(detail::size_in_memory(extent.get<std::uint64_t>(), "the shape"));
  }
  const metadata order = values.value("order", metadata{"C"});
  if (order != "C" && order != "F")
    detail::fail_expected(errc::bad_metadata, detail::text("the order is {}", order.dump()), R"("C" or "F")");
  layout.column_major = order == "F";
  return layout;
}

MRCZ_INLINE metadata to_metadata(const array_layout& layout) {
  metadata values;
  values["dtype"] = layout.dtype.starts_with('[') ? layout.dtype : detail::python_text(layout.dtype);
  values["shape"] = layout.shape;
  values["order"] = layout.column_major ? "F" : "C";
  values["container"] = "numpy";
  return values;
}

namespace detail {

/// The options for an array: chunks of whole elements.
MRCZ_INLINE options options_of(const array_layout& layout, std::span<const std::byte> bytes, options wanted,
                               const taken& by) {
  check(wanted, by);
  if (layout.bytes() != bytes.size())
    fail(errc::bad_option, "an array of this dtype and shape has {} bytes, but there are {}", layout.bytes(),
         bytes.size());
  const std::size_t size = element_bytes(layout.dtype);
  const std::size_t typesize = size >= 1 && size <= 255 ? size : 1;
  if (wanted.typesize.value_or(typesize) != typesize)
    fail_expected(errc::bad_option, text("typesize is {}", *wanted.typesize), text("{}, as elements have", typesize));
  wanted.typesize = typesize;
  const std::size_t chunk_size = wanted.chunk_size.value_or(default_chunk_size);
  if (size > 0 && size <= max_chunk_size) wanted.chunk_size = std::max(chunk_size - chunk_size % size, size);
  return wanted;
}

}  // namespace detail

MRCZ_INLINE header pack_array(byte_sink& to, const array_layout& layout, std::span<const std::byte> bytes,
                              const options& wanted) {
  return pack(memory_source{bytes, to.name()}, to, detail::options_of(layout, bytes, wanted, detail::by_pack),
              to_metadata(layout));
}

MRCZ_INLINE header pack_array(sequential_sink& to, const array_layout& layout, std::span<const std::byte> bytes,
                              const options& wanted) {
  return pack_stream(memory_source{bytes, to.name()}, to,
                     detail::options_of(layout, bytes, wanted, detail::by_pack_stream), to_metadata(layout));
}

MRCZ_INLINE header pack_array(const std::filesystem::path& path, const array_layout& layout,
                              std::span<const std::byte> bytes, const options& wanted) {
  auto rest = detail::options_of(layout, bytes, wanted, detail::by_pack_file);
  atomic_file to{path, rest.durability.value_or(durability::data), rest.replace.value_or(true)};
  rest.durability = std::nullopt;
  rest.replace = std::nullopt;
  return pack(memory_source{bytes, path.string()}, to, rest, to_metadata(layout));
}

MRCZ_INLINE array_bytes unpack_array(const reader& in) {
  return detail::with_context(in.name(), [&] {
    array_bytes array{.layout = detail::checked_layout(in), .bytes = {}};
    array.bytes.resize(array.layout.bytes());
    in.read_at(0, array.bytes);
    return array;
  });
}

}  // namespace mrcz::bloscpack

namespace mrcz::bloscpack::detail {

MRCZ_INLINE array_layout checked_layout(const reader& in) {
  auto layout = parse_layout(in.metadata());
  if (layout.bytes() != in.size())
    fail(errc::bad_metadata, "an array of this shape has {} bytes, but the file holds {}", layout.bytes(), in.size());
  in.require_plausible();
  return layout;
}

MRCZ_INLINE void make_native(const dtype& d, std::span<std::byte> elements) {
  if (d.kind == 'b')
    for (std::byte& b : elements) b = b == std::byte{0} ? b : std::byte{1};
  const std::size_t word = word_bytes(d);
  if (d.byte_order == std::endian::native || word == 1) return;
  for (std::size_t at = 0; at < elements.size(); at += word)
    std::reverse(elements.begin() + static_cast<std::ptrdiff_t>(at),
                 elements.begin() + static_cast<std::ptrdiff_t>(at + word));
}

}  // namespace mrcz::bloscpack::detail
