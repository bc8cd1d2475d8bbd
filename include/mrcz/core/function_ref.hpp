/// A reference to a callable object. A function that takes one need not be a template, and nothing is allocated.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace mrcz::detail {

template <class Signature>
class function_ref;

/// Refers to a lambda or another object with a call operator. That object must outlive the reference.
template <class Result, class... Arguments>
class function_ref<Result(Arguments...)> {
 public:
  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, function_ref> &&
             std::is_object_v<std::remove_reference_t<Function>> &&
             std::is_invocable_r_v<Result, Function&, Arguments...>)
  function_ref(Function&& f) noexcept  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : function_{const_cast<void*>(static_cast<const void*>(std::addressof(f)))},
        call_{[](void* function, Arguments... arguments) -> Result {
          auto& called = *static_cast<std::remove_reference_t<Function>*>(function);
          if constexpr (std::is_void_v<Result>) static_cast<void>(called(std::forward<Arguments>(arguments)...));
          else return called(std::forward<Arguments>(arguments)...);
        }} {}

  Result operator()(Arguments... arguments) const { return call_(function_, std::forward<Arguments>(arguments)...); }

 private:
  void* function_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace mrcz::detail
