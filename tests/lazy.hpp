/// Expressions that xtensor evaluates when they are asked for, and a way to see when that happens.
#pragma once

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#if __has_include(<xtensor/core/xvectorize.hpp>)  // xtensor 0.26 sorted its headers into folders
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xoperation.hpp>
#include <xtensor/core/xvectorize.hpp>
#include <xtensor/generators/xrandom.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#include <xtensor/views/xbroadcast.hpp>
#include <xtensor/views/xstrided_view.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xoperation.hpp>
#include <xtensor/xrandom.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xvectorize.hpp>
#endif

namespace test {

/// An expression equal to `e` that counts in `evaluated` how many elements are evaluated.
template <class E>
auto counting(E&& e, std::atomic<std::size_t>& evaluated) {
  using T = typename std::remove_cvref_t<E>::value_type;
  return xt::make_lambda_xfunction(
      [&evaluated](const T& v) {
        ++evaluated;
        return v;
      },
      std::forward<E>(e));
}

/// An expression equal to `e` that throws when an element that is `refused` is evaluated.
template <class E>
auto refusing(E&& e, typename std::remove_cvref_t<E>::value_type refused) {
  return xt::make_lambda_xfunction(
      [refused](const auto& v) {
        if (v == refused) throw std::domain_error{fmt::format("{} has no place", v)};
        return v;
      },
      std::forward<E>(e));
}

}  // namespace test
