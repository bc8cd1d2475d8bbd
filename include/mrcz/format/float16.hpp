/// Half precision (IEEE 754 binary16), the voxels of mode 12. The only header that includes xtl's half.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include <xtl/xhalf_float.hpp>

namespace mrcz {

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

}  // namespace mrcz
