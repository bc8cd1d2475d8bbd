#include "mrcz/array/borrowed.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xvectorize.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/generators/xrandom.hpp>
#include <xtensor/misc/xcomplex.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#include <xtensor/views/xdynamic_view.hpp>
#include <xtensor/views/xindex_view.hpp>
#include <xtensor/views/xmasked_view.hpp>
#else
#include <xtensor/xbuilder.hpp>
#include <xtensor/xcomplex.hpp>
#include <xtensor/xdynamic_view.hpp>
#include <xtensor/xindex_view.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmasked_view.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xrandom.hpp>
#include <xtensor/xvectorize.hpp>
#endif

#include "tests/lazy.hpp"

namespace {

using volume = mrcz::volume<float>;
using image = mrcz::image<float>;

volume made() { return xt::ones<float>({2, 3, 4}); }

/// Whether an expression is known to own all that it refers to.
template <class E>
constexpr bool owns(const E&) {
  return mrcz::self_contained<E>;
}

template <class Shared>
float first_voxel(const Shared& kept) {
  std::array<float, 12> voxels{};
  mrcz::detail::evaluate_slice(*kept, 0, std::span<float>{voxels}, 3, 4);
  return voxels[0];
}

double twice(double v) { return 2 * v; }

}  // namespace

TEST_CASE("containers own their elements, whatever their memory comes from but somebody else's") {
  static_assert(mrcz::self_contained<volume> && mrcz::self_contained<const volume> && mrcz::self_contained<volume&>);
  static_assert(mrcz::self_contained<mrcz::image<mrcz::half>> &&
                mrcz::self_contained<mrcz::image<mrcz::complex_int16>>);
  static_assert(mrcz::self_contained<mrcz::volume<std::complex<float>>> && mrcz::self_contained<xt::xarray<double>>);
  static_assert(mrcz::self_contained<xt::xtensor<float, 3, xt::layout_type::column_major>>);
  static_assert(mrcz::self_contained<xt::xtensor_fixed<float, xt::xshape<3, 4>>>);
  static_assert(!mrcz::self_contained<xt::xtensor<const float*, 2>>);
  static_assert(!mrcz::self_contained<float> && !mrcz::self_contained<std::vector<float>>);
  using in_arena = std::pmr::vector<float>;
  static_assert(
      !mrcz::self_contained<xt::xarray_container<in_arena, xt::layout_type::row_major, std::vector<std::size_t>>>);
}

TEST_CASE("adaptors own a buffer that was moved in or is counted, and none that they only point to") {
  std::vector<float> memory(12);
  const std::array<std::size_t, 2> shape{3, 4};
  CHECK(owns(xt::adapt(std::vector<float>(12), shape)));
  CHECK(owns(xt::adapt(std::vector<float>(12), std::vector<std::size_t>{3, 4})));
  CHECK_FALSE(owns(xt::adapt(memory, shape)));
  CHECK_FALSE(owns(xt::adapt(memory.data(), memory.size(), xt::no_ownership(), shape)));
  CHECK_FALSE(owns(mrcz::detail::adapt_row_major(memory.data(), mrcz::shape{1, 3, 4})));
  const std::shared_ptr<float[]> frame{new float[12]{}};  // NOLINT: as cameras give them
  const std::vector<std::size_t> extents{3, 4};
  CHECK(owns(xt::adapt_smart_ptr(frame, extents)));
  CHECK(owns(xt::adapt_smart_ptr(frame.get(), extents, frame)));
  static_assert(mrcz::self_contained<decltype(xt::adapt_smart_ptr(std::make_unique<float[]>(12), extents))>);  // NOLINT
}

TEST_CASE("functions own operands that were moved or computed, and none that have a name") {
  auto movie = made();
  const auto gain = made();
  const float factor = 2.0F;
  CHECK(owns(made() * made()));
  CHECK(owns(xt::cast<float>(mrcz::image<std::int16_t>{xt::ones<std::int16_t>({3, 4})}) * 2.0F + 1));
  CHECK(owns(xt::sqrt(xt::abs(std::move(movie))) * made()));
  CHECK(owns(xt::clip(made(), 0.0F, 1.0F)));
  CHECK(owns(xt::where(made() > 0.5F, made(), 0.0F)));
  movie = made();
  CHECK_FALSE(owns(xt::cast<float>(movie)));
  CHECK_FALSE(owns(made() * gain));
  CHECK_FALSE(owns(gain * made()));
  CHECK_FALSE(owns(made() * factor));
  CHECK_FALSE(owns(xt::sqrt(made() + (made() - xt::abs(gain)))));
}

TEST_CASE("functors own what they need if they have no room for a reference, or are functions") {
  const float gain = 2.0F;
  const auto captured = [&gain](float v) { return v * gain; };
  const auto named = [](float v) { return v + 1; };
  CHECK(owns(xt::make_lambda_xfunction([](float v) { return v + 1; }, made())));
  CHECK(owns(xt::make_lambda_xfunction([gain](float v) { return v * gain; }, made())));
  CHECK(owns(xt::square(made())));
  CHECK_FALSE(owns(xt::make_lambda_xfunction([&gain](float v) { return v * gain; }, made())));
  CHECK_FALSE(owns(xt::make_lambda_xfunction(named, made())));  // refers to the functor
  CHECK(owns(xt::vectorize(&twice)(made())));
  CHECK_FALSE(owns(xt::vectorize(std::function<double(double)>{captured})(made())));
  CHECK_FALSE(owns(xt::random::rand<float>({3, 4})));  // refers to an engine
}

TEST_CASE("views own what they show if it was moved in") {
  auto movie = made();
  const auto columns = std::vector<int>{0, 2};
  CHECK(owns(xt::view(made(), 1, xt::all(), xt::range(0, 4, 2))));
  CHECK(owns(xt::view(made(), xt::all(), xt::keep(0, 2), xt::drop(1))));
  CHECK(owns(xt::view(made(), xt::newaxis(), 0, xt::all(), xt::keep(columns))));
  CHECK(owns(xt::strided_view(made(), {xt::range(0, 1), xt::all(), xt::all()})));
  CHECK(owns(xt::transpose(made())));
  CHECK(owns(xt::flip(made(), 2)));
  CHECK(owns(xt::strided_view(made() * 2.0F, {xt::range(0, 1), xt::all(), xt::all()})));
  CHECK(owns(xt::broadcast(image{xt::ones<float>({3, 4})}, {2, 3, 4})));
  CHECK(owns(xt::zeros<float>({2, 3, 4})));
  CHECK(owns(xt::repeat(made(), 2, 0)));
  CHECK_FALSE(owns(xt::view(movie, 1, xt::all(), xt::all())));
  CHECK_FALSE(owns(xt::view(xt::view(movie, xt::all(), xt::all(), xt::range(0, 2)), 1, xt::all(), xt::all())));
  CHECK_FALSE(owns(xt::strided_view(movie, {xt::range(0, 1), xt::all(), xt::all()})));
  CHECK_FALSE(owns(xt::transpose(movie)));
  CHECK_FALSE(owns(xt::flip(movie, 2)));
  CHECK_FALSE(owns(xt::strided_view(movie * 2.0F, {xt::range(0, 1), xt::all(), xt::all()})));
  CHECK_FALSE(owns(xt::broadcast(movie, {2, 3, 4})));
  CHECK_FALSE(owns(xt::repeat(movie, 2, 0)));
  CHECK_FALSE(owns(xt::dynamic_view(movie, {0, xt::all(), xt::all()})));
  CHECK_FALSE(owns(xt::masked_view(movie, movie > 0.5F)));
  const mrcz::image<std::complex<float>> waves = xt::ones<std::complex<float>>({3, 4});
  CHECK_FALSE(owns(xt::real(waves)));
}

TEST_CASE("sums and other reductions own what they reduce if it was moved in") {
  const auto movie = made();
  CHECK(owns(xt::sum(made(), {0}, xt::evaluation_strategy::lazy)));
  CHECK(owns(xt::mean(made(), {0})));
  CHECK(owns(xt::amax(made() * 2.0F, {0})));
  CHECK_FALSE(owns(xt::sum(movie, {0}, xt::evaluation_strategy::lazy)));
  CHECK_FALSE(owns(xt::mean(movie, {0})));
}

TEST_CASE("a shared expression owns what the expression does") {
  const auto movie = made();
  CHECK(owns(xt::make_xshared(made())));
  CHECK(owns(xt::make_xshared(made() * 2.0F)));
  CHECK(owns(xt::sin(xt::make_xshared(made())) + 1.0F));
  CHECK_FALSE(owns(xt::make_xshared(made() * movie)));
}

TEST_CASE("an expression of which nothing is known does not own") {
  struct opaque {
    using value_type = float;
    static std::size_t dimension() { return 2; }
    static std::array<std::size_t, 2> shape() { return {3, 4}; }
    const float* somewhere = nullptr;
  };
  static_assert(mrcz::expression<opaque> && !mrcz::self_contained<opaque>);
}

TEST_CASE("what is self-contained is kept by moving it, and can be evaluated when its operands are gone") {
  auto kept = [] {
    auto movie = made();
    const float* const voxels = movie.data();
    auto owned = mrcz::detail::share(std::move(movie));
    CHECK(owned->data() == voxels);
    return owned;
  }();
  CHECK(first_voxel(kept) == 1);
  const auto product = [] {
    volume movie = made();
    return mrcz::detail::share(std::move(movie) * (made() + 2.0F));
  }();
  CHECK(first_voxel(product) == 3);
  const auto strided = [] {
    return mrcz::detail::share(xt::strided_view(made() * made(), {xt::all(), xt::all(), xt::all()}) +
                               xt::flip(made(), 1));
  }();
  CHECK(first_voxel(strided) == 2);
  const auto reduced = [] { return mrcz::detail::share(xt::sum(made(), {0}, xt::evaluation_strategy::lazy)); }();
  CHECK(first_voxel(reduced) == 2);
  const auto shared = [] { return mrcz::detail::share(xt::make_xshared(made() + 3.0F) * 1.0F); }();
  CHECK(first_voxel(shared) == 4);
}

TEST_CASE("what is borrowed refers to what its caller names, which is not copied") {
  auto movie = made();
  const auto whole = mrcz::detail::share(mrcz::borrowed(movie));
  CHECK(whole.get() == &movie);
  CHECK(whole.use_count() == 0);
  movie(0, 0, 0) = 7;
  CHECK(first_voxel(whole) == 7);
  const auto product = mrcz::detail::share(mrcz::borrowed(made() * movie));
  CHECK(product.use_count() == 1);
  CHECK(first_voxel(product) == 7);
  const auto named = xt::cast<float>(movie) + 1.0F;
  const auto same = mrcz::detail::share(mrcz::borrowed(named));
  CHECK(same.get() == &named);
  CHECK(first_voxel(same) == 8);
  static_assert(!mrcz::expression<decltype(mrcz::borrowed(named))>);
}
