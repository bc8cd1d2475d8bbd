#include "mrcz/array/array.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#include <xtensor/views/xbroadcast.hpp>
#include <xtensor/views/xstrided_view.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xstrided_view.hpp>
#endif

#include "tests/support.hpp"

namespace {

using column_major = xt::xtensor<float, 3, xt::layout_type::column_major>;
using lazy_sum = decltype(std::declval<const mrcz::volume<float>&>() + 1.0F);
using slice_view = decltype(xt::view(std::declval<mrcz::volume<float>&>(), 1, xt::all(), xt::all()));
using const_view = decltype(xt::view(std::declval<const mrcz::volume<float>&>(), 1, xt::all(), xt::all()));

static_assert(mrcz::expression<mrcz::volume<float>> && mrcz::expression<const mrcz::volume<float>>);
static_assert(mrcz::expression<mrcz::image<mrcz::half>> && mrcz::expression<xt::xarray<double>>);
static_assert(mrcz::expression<lazy_sum> && mrcz::expression<slice_view> && mrcz::expression<column_major>);
static_assert(mrcz::expression<mrcz::volume<float>&> && mrcz::expression<const lazy_sum&>);
static_assert(!mrcz::expression<float> && !mrcz::expression<std::vector<float>> && !mrcz::expression<std::string>);
static_assert(!mrcz::expression<float*> && !mrcz::expression<void>);

static_assert(mrcz::container<mrcz::volume<float>> && mrcz::container<const mrcz::volume<float>>);
static_assert(mrcz::container<xt::xarray<float>> && mrcz::container<column_major>);
static_assert(mrcz::container<slice_view> && mrcz::container<const_view>);
static_assert(mrcz::container<mrcz::volume<float>&> && mrcz::container<const mrcz::image<float>&>);
static_assert(!mrcz::container<lazy_sum> && !mrcz::container<std::vector<float>> && !mrcz::container<int>);

template <class E>
using contiguous_element = typename decltype(mrcz::detail::contiguous(std::declval<E&>()))::element_type;
static_assert(std::is_same_v<contiguous_element<mrcz::volume<float>>, float>);
static_assert(std::is_same_v<contiguous_element<const mrcz::volume<float>>, const float>);

/// Each element says where it is: 100 z + 10 y + x.
mrcz::volume<float> numbered(std::size_t nz = 3, std::size_t ny = 4, std::size_t nx = 5) {
  auto v = mrcz::detail::make_volume<float>({nz, ny, nx});
  for (std::size_t z = 0; z < nz; ++z)
    for (std::size_t y = 0; y < ny; ++y)
      for (std::size_t x = 0; x < nx; ++x) v(z, y, x) = static_cast<float>(100 * z + 10 * y + x);
  return v;
}

template <class E>
std::vector<float> evaluated(const E& e, std::size_t z, std::size_t ny, std::size_t nx) {
  std::vector<float> memory(ny * nx + 2, -1.0F);
  mrcz::detail::evaluate_slice(e, z, std::span{memory}.subspan(1, ny * nx), ny, nx);
  CHECK(memory.front() == -1.0F);  // nothing around the slice is touched
  CHECK(memory.back() == -1.0F);
  return {memory.begin() + 1, memory.end() - 1};
}

template <class Expected>
std::vector<float> expected_slice(std::size_t ny, std::size_t nx, Expected expected) {
  std::vector<float> values;
  for (std::size_t y = 0; y < ny; ++y)
    for (std::size_t x = 0; x < nx; ++x) values.push_back(static_cast<float>(expected(y, x)));
  return values;
}

}  // namespace

TEST_CASE("an image is a volume of one slice") {
  CHECK(mrcz::detail::shape_of(mrcz::detail::make_volume<float>({3, 4, 5})) == mrcz::shape{3, 4, 5});
  CHECK(mrcz::detail::shape_of(mrcz::detail::make_image<std::int8_t>(4, 5)) == mrcz::shape{1, 4, 5});
  CHECK(mrcz::detail::shape_of(xt::xarray<float>::from_shape({4, 5})) == mrcz::shape{1, 4, 5});
  CHECK(mrcz::detail::shape_of(xt::xarray<float>::from_shape({3, 4, 5})) == mrcz::shape{3, 4, 5});
  CHECK(mrcz::detail::shape_of(numbered() + 1) == mrcz::shape{3, 4, 5});
  CHECK(mrcz::detail::shape_of(column_major::from_shape({3, 4, 5})) == mrcz::shape{3, 4, 5});
  CHECK(mrcz::detail::shape_of(mrcz::detail::make_volume<float>({0, 4, 5})) == mrcz::shape{0, 4, 5});
  auto v = numbered();
  CHECK(mrcz::detail::shape_of(xt::view(v, 1, xt::all(), xt::range(1, 3))) == mrcz::shape{1, 4, 2});
}

TEST_CASE("an array of another rank has no extents") {
  CHECK(mrcz::detail::shape_of(xt::xtensor<float, 1>::from_shape({7})) == mrcz::shape{});
  CHECK(mrcz::detail::shape_of(xt::xtensor<float, 4>::from_shape({1, 2, 3, 4})) == mrcz::shape{});
  CHECK(mrcz::detail::shape_of(xt::xarray<float>::from_shape({2, 2, 2, 2, 2})) == mrcz::shape{});
}

TEST_CASE("new arrays have the extents that were asked for") {
  const auto v = mrcz::detail::make_volume<std::complex<float>>({2, 3, 4});
  CHECK(v.shape()[0] == 2);
  CHECK(v.shape()[1] == 3);
  CHECK(v.shape()[2] == 4);
  CHECK(v.size() == 24);
  const auto i = mrcz::detail::make_image<mrcz::complex_int16>(3, 4);
  CHECK(i.shape()[0] == 3);
  CHECK(i.shape()[1] == 4);
  CHECK(i.strides()[0] == 4);
}

TEST_CASE("containers in row-major order are contiguous") {
  auto v = numbered();
  CHECK(mrcz::detail::contiguous(v).data() == v.data());
  CHECK(mrcz::detail::contiguous(v).size() == 60);
  const auto& constant = v;
  CHECK(mrcz::detail::contiguous(constant).data() == v.data());

  xt::xarray<float> a = v;
  CHECK(mrcz::detail::contiguous(a).data() == a.data());
  CHECK(mrcz::detail::contiguous(a).size() == 60);

  auto one = numbered(1, 1, 1);  // extents of 1 have strides of 0
  CHECK(mrcz::detail::contiguous(one).size() == 1);
  auto column = numbered(3, 1, 5);
  CHECK(mrcz::detail::contiguous(column).size() == 15);
}

TEST_CASE("memory of the caller is contiguous when it lies in row-major order") {
  std::vector<float> memory(24);
  auto adapted = xt::adapt(memory.data(), memory.size(), xt::no_ownership(), std::array<std::size_t, 3>{2, 3, 4});
  CHECK(mrcz::detail::contiguous(adapted).data() == memory.data());
  CHECK(mrcz::detail::contiguous(adapted).size() == 24);

  auto in_vector = xt::adapt(memory, std::vector<std::size_t>{4, 6});
  CHECK(mrcz::detail::contiguous(in_vector).data() == memory.data());

  auto rows_apart = xt::view(in_vector, xt::all(), xt::range(0, 5));
  CHECK(mrcz::detail::contiguous(rows_apart).empty());
}

TEST_CASE("views are contiguous when they leave nothing out but whole slices") {
  auto v = numbered();
  auto slice = xt::view(v, 1, xt::all(), xt::all());
  REQUIRE(mrcz::detail::contiguous(slice).size() == 20);
  CHECK(mrcz::detail::contiguous(slice).data() == &v(1, 0, 0));
  auto slices = xt::view(v, xt::range(1, 3), xt::all(), xt::all());
  REQUIRE(mrcz::detail::contiguous(slices).size() == 40);
  CHECK(mrcz::detail::contiguous(slices).data() == &v(1, 0, 0));
  auto rows = xt::view(v, 2, xt::range(1, 3), xt::all());
  REQUIRE(mrcz::detail::contiguous(rows).size() == 10);
  CHECK(mrcz::detail::contiguous(rows).data() == &v(2, 1, 0));

  auto columns = xt::view(v, 1, xt::all(), xt::range(1, 4));
  CHECK(mrcz::detail::contiguous(columns).empty());
  auto every_other = xt::view(v, xt::range(0, 3, 2), xt::all(), xt::all());
  CHECK(mrcz::detail::contiguous(every_other).empty());
  auto every_other_column = xt::view(v, xt::all(), xt::all(), xt::range(0, 5, 2));
  CHECK(mrcz::detail::contiguous(every_other_column).empty());
}

TEST_CASE("strided views, flips, transposes and column-major arrays are not contiguous") {
  auto v = numbered();
  auto strided = xt::strided_view(v, {xt::all(), xt::range(0, 4, 2), xt::all()});
  CHECK(mrcz::detail::contiguous(strided).empty());
  auto whole = xt::strided_view(v, {xt::range(1, 3), xt::all(), xt::all()});
  REQUIRE(mrcz::detail::contiguous(whole).size() == 40);
  CHECK(mrcz::detail::contiguous(whole).data() == &v(1, 0, 0));
  auto flipped = xt::flip(v, 2);
  CHECK(mrcz::detail::contiguous(flipped).empty());
  auto transposed = xt::transpose(v);
  CHECK(mrcz::detail::contiguous(transposed).empty());
  column_major columns = v;
  CHECK(mrcz::detail::contiguous(columns).empty());
  xt::xtensor<float, 2, xt::layout_type::column_major> line = xt::ones<float>({1, 5});  // one row is both orders
  CHECK(mrcz::detail::contiguous(line).size() == 5);
}

TEST_CASE("an array without elements gives no memory") {
  auto none = mrcz::detail::make_volume<float>({2, 0, 5});
  CHECK(mrcz::detail::contiguous(none).empty());
  auto no_slices = mrcz::detail::make_volume<float>({0, 4, 5});
  CHECK(mrcz::detail::contiguous(no_slices).empty());
}

TEST_CASE("a view of voxels that lie elsewhere shows them where they are") {
  const std::vector<float> memory{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto view = mrcz::detail::adapt_row_major(memory.data(), mrcz::shape{2, 2, 3});
  CHECK(mrcz::detail::shape_of(view) == mrcz::shape{2, 2, 3});
  CHECK(&view(0, 0, 0) == memory.data());
  CHECK(view(1, 0, 2) == 8.0F);
  CHECK(mrcz::detail::contiguous(view).data() == memory.data());
  CHECK(mrcz::detail::contiguous(view).size() == 12);
  CHECK(evaluated(view, 1, 2, 3) == std::vector<float>{6, 7, 8, 9, 10, 11});
}

TEST_CASE("a slice of a container is evaluated") {
  const auto v = numbered();
  for (std::size_t z = 0; z < 3; ++z)
    CHECK(evaluated(v, z, 4, 5) == expected_slice(4, 5, [z](auto y, auto x) { return 100 * z + 10 * y + x; }));
  const xt::xarray<float> a = v;
  CHECK(evaluated(a, 2, 4, 5) == expected_slice(4, 5, [](auto y, auto x) { return 200 + 10 * y + x; }));
  const column_major columns = v;
  CHECK(evaluated(columns, 1, 4, 5) == expected_slice(4, 5, [](auto y, auto x) { return 100 + 10 * y + x; }));
}

TEST_CASE("an image is its own slice 0") {
  const auto v = numbered();
  const mrcz::image<float> i = xt::view(v, 2, xt::all(), xt::all());
  const auto expected = expected_slice(4, 5, [](auto y, auto x) { return 200 + 10 * y + x; });
  CHECK(evaluated(i, 0, 4, 5) == expected);
  CHECK(evaluated(xt::xarray<float>(i), 0, 4, 5) == expected);
  CHECK(evaluated(xt::view(v, 2, xt::all(), xt::all()), 0, 4, 5) == expected);
  CHECK(evaluated(i * 2 - i, 0, 4, 5) == expected);
}

TEST_CASE("a slice of a lazy expression is evaluated") {
  const auto v = numbered();
  CHECK(evaluated(v * 2 + 1, 1, 4, 5) == expected_slice(4, 5, [](auto y, auto x) { return 201 + 20 * y + 2 * x; }));
  CHECK(evaluated(xt::cast<float>(xt::cast<std::int32_t>(v)), 1, 4, 5) == evaluated(v, 1, 4, 5));
  CHECK(evaluated(v - xt::view(v, xt::range(0, 1), xt::all(), xt::all()), 2, 4, 5) ==
        expected_slice(4, 5, [](auto, auto) { return 200; }));
}

TEST_CASE("a slice of a strided view is evaluated") {
  const auto v = numbered();
  CHECK(evaluated(xt::view(v, xt::all(), xt::range(0, 4, 2), xt::range(1, 4)), 1, 2, 3) ==
        expected_slice(2, 3, [](auto y, auto x) { return 100 + 20 * y + x + 1; }));
  CHECK(evaluated(xt::strided_view(v, {xt::range(1, 3), xt::range(3, 0, -1), xt::all()}), 1, 3, 5) ==
        expected_slice(3, 5, [](auto y, auto x) { return 200 + 10 * (3 - y) + x; }));
  CHECK(evaluated(xt::flip(v, 2), 0, 4, 5) == expected_slice(4, 5, [](auto y, auto x) { return 10 * y + 4 - x; }));
  CHECK(evaluated(xt::transpose(v), 4, 4, 3) ==
        expected_slice(4, 3, [](auto y, auto x) { return 100 * x + 10 * y + 4; }));
}

TEST_CASE("a slice of a broadcast is evaluated") {
  const auto v = numbered();
  const mrcz::image<float> gain = xt::ones<float>({4, 5}) * 3;
  CHECK(evaluated(xt::broadcast(gain, {std::size_t{7}, std::size_t{4}, std::size_t{5}}), 6, 4, 5) ==
        std::vector<float>(20, 3));
  CHECK(evaluated(v * gain, 2, 4, 5) == expected_slice(4, 5, [](auto y, auto x) { return 3 * (200 + 10 * y + x); }));
  const xt::xtensor<float, 1> row = xt::arange<float>(5);
  CHECK(evaluated(xt::broadcast(row, {std::size_t{2}, std::size_t{4}, std::size_t{5}}), 1, 4, 5) ==
        expected_slice(4, 5, [](auto, auto x) { return x; }));
  CHECK(evaluated(xt::broadcast(row, {std::size_t{4}, std::size_t{5}}), 0, 4, 5) ==
        expected_slice(4, 5, [](auto, auto x) { return x; }));
}

TEST_CASE("only the slice that was asked for is computed") {
  auto v = numbered(10, 4, 5);
  int evaluations = 0;
  const auto counted = xt::make_lambda_xfunction(
      [&evaluations](float value) {
        ++evaluations;
        return value;
      },
      v);
  evaluated(counted, 3, 4, 5);
  CHECK(evaluations == 20);
}

TEST_CASE("slices of types without arithmetic are evaluated") {
  auto v = mrcz::detail::make_volume<mrcz::complex_int16>({2, 2, 2});
  for (std::size_t i = 0; i < v.size(); ++i) v.data()[i] = {static_cast<std::int16_t>(i), -1};
  std::vector<mrcz::complex_int16> to(4);
  mrcz::detail::evaluate_slice(xt::flip(v, 1), 1, std::span{to}, 2, 2);
  CHECK(to[0] == mrcz::complex_int16{6, -1});
  CHECK(to[3] == mrcz::complex_int16{5, -1});
}

TEST_CASE("an array of more voxels than memory has addresses is refused, also where their number wraps") {
  constexpr std::size_t half = std::size_t{1} << std::numeric_limits<std::size_t>::digits / 2;
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const mrcz::shape& extents : {mrcz::shape{half, half, 4}, mrcz::shape{1, half / 2, half},
                                     mrcz::shape{most, most, most}, mrcz::shape{1, 1, most}}) {
    const auto thrown = test::failure_of([&] { mrcz::detail::make_volume<float>(extents); });
    REQUIRE(thrown);
    CHECK(thrown->code == mrcz::errc::too_large);
  }
  const auto thrown = test::failure_of([] { mrcz::detail::make_image<std::complex<float>>(half, half / 8); });
  REQUIRE(thrown);
  CHECK(thrown->code == mrcz::errc::too_large);
  CHECK(mrcz::detail::make_volume<float>({0, 5, 6}).size() == 0);
}
