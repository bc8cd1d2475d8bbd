/// Half precision (IEEE 754 binary16), the voxels of mode 12. The only header that includes xtl's half.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include <xtl/xhalf_float.hpp>

namespace mrcz {

/// A voxel of mode 12, with the bits of IEEE 754's binary16. Computes by way of `float`.
using half = xtl::half_float;
static_assert(sizeof(half) == 2 && std::is_trivially_copyable_v<half>);

/// Exact. The same as `static_cast<float>(value)`, but without tables and branches, so that compilers can vectorise
/// loops.
inline float to_float(half value) noexcept {
  const auto bits = std::uint32_t{std::bit_cast<std::uint16_t>(value)};
  const std::uint32_t magnitude = (bits & 0x7fffU) << 13U;
  // The exponent biases differ by 112. The multiplication corrects this, also for subnormal halves.
  const float scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
  const std::uint32_t special = magnitude >= 0x0f800000U ? 0x7f800000U : 0U;  // infinity and NaN keep all exponent bits
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

/// Rounds to nearest, ties to even. What would be rounded to more than 65504 becomes infinity.
inline half to_half(float value) noexcept { return half{value}; }

/// Rounds once: a double that went through float first would be rounded twice. NaN stays NaN, with its sign.
inline half to_half(double value) noexcept {
  constexpr std::uint64_t bias = std::uint64_t{1023 - 15} << 52U;  // the difference of the exponent biases
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63U);
  std::uint64_t rounded = 0;
  if (magnitude >= std::bit_cast<std::uint64_t>(65520.0)) {
    rounded = std::isnan(value) ? 0x7e00U : 0x7c00U;
  } else if (magnitude >= std::bit_cast<std::uint64_t>(0x1p-14)) {
    const std::uint64_t is_odd = (magnitude >> 42U) & 1U;
    rounded = (magnitude - bias + (std::uint64_t{1} << 41U) - 1 + is_odd) >> 42U;
  } else {  // a multiple of 2^-24
    const double multiple = std::bit_cast<double>(magnitude) * 0x1p24;
    rounded = static_cast<std::uint64_t>(multiple);
    const double rest = multiple - static_cast<double>(rounded);
    if (rest > 0.5 || (rest == 0.5 && rounded % 2 == 1)) ++rounded;
  }
  return std::bit_cast<half>(static_cast<std::uint16_t>(rounded | (bits >> 63U) << 15U));
}

}  // namespace mrcz
