#include "mrcz/array/evaluation.hpp"

#include <doctest/doctest.h>

#if __has_include(<xtensor/generators/xrandom.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xvectorize.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/generators/xrandom.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#else
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xrandom.hpp>
#include <xtensor/xvectorize.hpp>
#endif

namespace {

template <class E>
constexpr bool in_parallel(const E&) {
  return mrcz::evaluates_in_parallel<E>;
}

struct counter {
  int calls = 0;
  float operator()(float v) const { return v + static_cast<float>(calls); }
};

}  // namespace

TEST_CASE("arrays, adaptors and what is computed from them without state evaluate in parallel") {
  const mrcz::volume<float> volume = xt::zeros<float>({3, 4, 5});
  const mrcz::image<float> image = xt::zeros<float>({4, 5});
  const xt::xarray<float> any = volume;
  CHECK(in_parallel(volume));
  CHECK(in_parallel(any));
  CHECK(in_parallel(mrcz::detail::adapt_row_major(volume.data(), mrcz::shape{3, 4, 5})));
  CHECK(in_parallel(xt::view(volume, 1, xt::all(), xt::all())));
  CHECK(in_parallel(xt::transpose(volume)));
  CHECK(in_parallel(xt::broadcast(image, {std::size_t{3}, std::size_t{4}, std::size_t{5}})));
  CHECK(in_parallel(volume * 2.0F));
  CHECK(in_parallel((volume - image) * 2.0F + volume));
  CHECK(in_parallel(xt::cast<double>(volume)));
  CHECK(in_parallel(xt::sqrt(xt::where(volume > 0.0F, volume, image))));
  CHECK(in_parallel(xt::ones<float>({3, 4, 5})));
  CHECK(in_parallel(xt::view(volume * 2.0F, 1, xt::all(), xt::all())));
}

TEST_CASE("what may keep state does not evaluate in parallel, nor does what is computed from it") {
  const mrcz::volume<float> volume = xt::zeros<float>({3, 4, 5});
  const auto noise = xt::random::rand<float>({3, 4, 5});
  CHECK_FALSE(in_parallel(noise));
  CHECK_FALSE(in_parallel(volume + noise));
  CHECK_FALSE(in_parallel(xt::view(noise, 1, xt::all(), xt::all())));
  CHECK_FALSE(in_parallel(xt::transpose(noise)));
  CHECK_FALSE(in_parallel(xt::broadcast(xt::random::rand<float>({5}), {3, 4, 5})));
  CHECK_FALSE(
      in_parallel(xt::make_lambda_xfunction([calls = 0](float v) { return v + static_cast<float>(calls); }, volume)));
  CHECK_FALSE(in_parallel(xt::vectorize(counter{})(volume)));
}
