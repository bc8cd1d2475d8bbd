/// Decides which expressions may be kept after the statement that makes them, and lets a caller vouch for the others.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/format/mode.hpp"

namespace mrcz {

namespace detail {

/// Whether a type owns everything that it needs, decided without its template arguments. This holds for numbers,
/// functions, and objects that are smaller than a pointer, because these have no room for a reference.
template <class T>
consteval bool owns_by_itself() {
  if constexpr (std::is_reference_v<T>) return false;
  else if constexpr (std::is_pointer_v<T>) return std::is_function_v<std::remove_pointer_t<T>>;
  else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || voxel<T>) return true;
  else return std::is_object_v<T> && sizeof(T) < sizeof(void*);
}

/// Whether an expression, or a part of one, owns everything that it refers to. The type alone decides. xtensor keeps an
/// operand as `const E&` if it had a name and as `E` if it had none; this includes scalars. Types that are not known
/// here count as not owning.
template <class T>
inline constexpr bool owns = owns_by_itself<T>();

template <class T>
inline constexpr bool owns<const T> = owns<T>;

template <class... T>
inline constexpr bool all_own = (owns<T> && ...);

// Parts
template <class T>
inline constexpr bool owns<std::complex<T>> = owns<T>;
template <class T, std::size_t N>
inline constexpr bool owns<std::array<T, N>> = owns<T>;
template <class T, class A>
inline constexpr bool owns<std::vector<T, A>> = all_own<T, A>;
template <class... T>
inline constexpr bool owns<std::tuple<T...>> = all_own<T...>;
template <class T, class A>
inline constexpr bool owns<xt::uvector<T, A>> = all_own<T, A>;
template <class T, std::size_t N, class A, bool Init>
inline constexpr bool owns<xt::svector<T, N, A, Init>> = all_own<T, A>;
template <class T>
inline constexpr bool owns<xt::xall<T>> = owns<T>;
template <class T>
inline constexpr bool owns<xt::xrange<T>> = owns<T>;
template <class T>
inline constexpr bool owns<xt::xstepped_range<T>> = owns<T>;
template <class T>
inline constexpr bool owns<xt::xkeep_slice<T>> = owns<T>;
template <class T>
inline constexpr bool owns<xt::xdrop_slice<T>> = owns<T>;
template <class T>
inline constexpr bool owns<xt::const_value<T>> = owns<T>;
template <class Reduce, class Init, class Merge>
inline constexpr bool owns<xt::xreducer_functors<Reduce, Init, Merge>> = all_own<Reduce, Init, Merge>;
template <class R, class T>
inline constexpr bool owns<xt::reducer_options<R, T>> = owns<R>;

/// Whether a buffer that xtensor adapts keeps its memory alive with a smart pointer. The third template argument of the
/// buffer is then this pointer, otherwise it is an allocator.
template <class Keeper>
inline constexpr bool is_smart_pointer = false;
template <class T>
inline constexpr bool is_smart_pointer<std::shared_ptr<T>> = true;
template <class T, class Deleter>
inline constexpr bool is_smart_pointer<std::unique_ptr<T, Deleter>> = owns<Deleter>;

template <class P, class A>
inline constexpr bool owns<xt::xbuffer_adaptor<P, xt::acquire_ownership, A>> = owns<A>;
template <class P, class Keeper>
inline constexpr bool owns<xt::xbuffer_adaptor<P, xt::no_ownership, Keeper>> = is_smart_pointer<Keeper>;

// Containers
template <class Elements, xt::layout_type L, class Shape, class Tag>
inline constexpr bool owns<xt::xarray_container<Elements, L, Shape, Tag>> = all_own<Elements, Shape>;
template <class Elements, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool owns<xt::xtensor_container<Elements, N, L, Tag>> = owns<Elements>;
template <class T, class Shape, xt::layout_type L, bool Sharable, class Tag>
inline constexpr bool owns<xt::xfixed_container<T, Shape, L, Sharable, Tag>> = owns<T>;
template <class Elements, xt::layout_type L, class Shape, class Tag>
inline constexpr bool owns<xt::xarray_adaptor<Elements, L, Shape, Tag>> = all_own<Elements, Shape>;
template <class Elements, std::size_t N, xt::layout_type L, class Tag>
inline constexpr bool owns<xt::xtensor_adaptor<Elements, N, L, Tag>> = owns<Elements>;

// Views and functions
template <class E, class... Slices>
inline constexpr bool owns<xt::xview<E, Slices...>> = all_own<E, Slices...>;
template <class E, class Shape, xt::layout_type L, class Storage>
inline constexpr bool owns<xt::xstrided_view<E, Shape, L, Storage>> = all_own<E, Shape>;
template <class E, class Shape>
inline constexpr bool owns<xt::xbroadcast<E, Shape>> = all_own<E, Shape>;
template <class E, class Counts>
inline constexpr bool owns<xt::xrepeat<E, Counts>> = all_own<E, Counts>;
template <class F, class E, class Axes, class Options>
inline constexpr bool owns<xt::xreducer<F, E, Axes, Options>> = all_own<F, E, Axes, Options>;
template <class F, class R, class Shape>  // xtensor copies functors, even if F is a reference
inline constexpr bool owns<xt::xgenerator<F, R, Shape>> = all_own<std::remove_reference_t<F>, Shape>;
template <class F, class... E>
inline constexpr bool owns<xt::xfunction<F, E...>> = all_own<std::remove_reference_t<F>, E...>;
template <class T>
inline constexpr bool owns<xt::xscalar<T>> = owns<T>;
template <class E>
inline constexpr bool owns<xt::xshared_expression<E>> = owns<E>;

}  // namespace detail

/// An expression that owns everything that it refers to, so that it may be evaluated after the statement that made it:
/// a container, or a function or view of operands that were moved into it. The type alone decides. A type that is not
/// known, and a functor that is at least as large as a pointer, count as not owning.
template <class E>
concept self_contained = expression<E> && detail::owns<std::remove_cvref_t<E>>;

/// Made by `borrowed`: the caller vouches for everything that the expression refers to.
template <class E>
class borrowed_expression {
 public:
  /// `borrowed` calls this.
  explicit borrowed_expression(E&& kept) : expression_{std::forward<E>(kept)} {}

  /// Moves the expression out. A named expression stays where it is, and the pointer does not own it.
  std::shared_ptr<const std::remove_reference_t<E>> share() && {
    if constexpr (std::is_lvalue_reference_v<E>) return {std::shared_ptr<const void>{}, &expression_};
    else return std::make_shared<const E>(std::move(expression_));
  }

 private:
  E expression_;
};

/// The caller promises that everything that `e` refers to lives, unchanged, until the writer that gets `e` has been
/// closed: `co_await out.append(mrcz::borrowed(xt::cast<float>(std::move(frame)) * gain))`. An expression that has a
/// name is not copied: the result refers to it. Evaluates nothing.
template <class E>
  requires writable<std::remove_cvref_t<E>>
auto borrowed(E&& e) {
  using kept = std::conditional_t<std::is_lvalue_reference_v<E>, const std::remove_reference_t<E>&, E>;
  return borrowed_expression<kept>{std::forward<E>(e)};
}

namespace detail {

template <class>
inline constexpr bool is_borrowed = false;
template <class E>
inline constexpr bool is_borrowed<borrowed_expression<E>> = true;

/// Refuses an expression that refers to objects that may be gone when it is evaluated.
template <writable E>
consteval void require_self_contained() {
  static_assert(
      self_contained<E>,
      "this expression refers to arrays, scalars or other things that it does not own, and which may be gone before "
      "the workers evaluate it: std::move its arrays in (or copy them), write scalars without a name, or hand over "
      "mrcz::borrowed(expression), which says that everything it refers to lives until close() has returned");
}

/// Keeps the expression until it has been evaluated.
template <writable E>
std::shared_ptr<const E> share(E e) {
  require_self_contained<E>();
  return std::make_shared<const E>(std::move(e));
}

template <class E>
auto share(borrowed_expression<E> e) {
  return std::move(e).share();
}

}  // namespace detail

/// What an asynchronous writer takes over.
template <class Array>
concept appendable = writable<Array> || detail::is_borrowed<Array>;

}  // namespace mrcz
