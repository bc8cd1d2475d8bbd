/// What the metadata say about an array.
#pragma once

#include "mrcz/bloscpack/array.hpp"

#include "mrcz/core/error.hpp"
#include "mrcz/core/json.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/shape.hpp"

namespace mrcz::bloscpack {

MRCZ_INLINE std::size_t array_layout::bytes() const {
  std::size_t product = dtype.size;
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
  layout.dtype = parse_dtype(values.value("dtype", metadata{}));
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
  values["dtype"] = fmt::format("'{}'", to_string(layout.dtype));
  values["shape"] = layout.shape;
  values["order"] = layout.column_major ? "F" : "C";
  values["container"] = "numpy";
  return values;
}

}  // namespace mrcz::bloscpack

namespace mrcz::bloscpack::detail {

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
