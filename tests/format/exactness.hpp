/// Which numbers a type holds, by the definition of the type. The tests compare the rules of the library with these.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "mrcz/format/mode.hpp"

namespace test {

/// A voxel as a pair of numbers wide enough for every mode.
struct sample {
  long double re;
  long double im = 0;
};

inline bool fits_integer(long double v, long double low, long double high) {
  return v == std::floor(v) && low <= v && v <= high;
}

/// Whether `v` is a number with `digits` significant bits whose last bit is not below 2^`lowest`.
inline bool fits_binary(long double v, int digits, int lowest, long double max) {
  if (v == 0) return true;
  if (std::fabs(v) > max) return false;
  int exponent = 0;
  std::frexp(v, &exponent);
  const long double in_units = std::ldexp(v, -std::max(exponent - digits, lowest));
  return in_units == std::floor(in_units);
}

template <class T>
bool fits_real(long double v) {
  if constexpr (std::is_same_v<T, mrcz::half>) return fits_binary(v, 11, -24, 65504);
  else if constexpr (std::is_same_v<T, float>) return fits_binary(v, 24, -149, std::numeric_limits<float>::max());
  else if constexpr (std::is_same_v<T, double>) return fits_binary(v, 53, -1074, std::numeric_limits<double>::max());
  else return fits_integer(v, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

template <class T>
bool fits(sample v) {
  if constexpr (std::is_same_v<T, mrcz::complex_int16>)
    return fits_real<std::int16_t>(v.re) && fits_real<std::int16_t>(v.im);
  else if constexpr (mrcz::is_complex<T>)
    return fits_real<typename T::value_type>(v.re) && fits_real<typename T::value_type>(v.im);
  else return v.im == 0 && fits_real<T>(v.re);
}

}  // namespace test
