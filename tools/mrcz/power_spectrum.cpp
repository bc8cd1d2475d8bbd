#include "power_spectrum.hpp"

#ifdef MRCZ_KISSFFT

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include <kiss_fft.h>

namespace {

/// A transform of one length.
class transform {
 public:
  explicit transform(std::size_t length)
      : plan_{kiss_fft_alloc(static_cast<int>(length), 0, nullptr, nullptr)}, result_(length) {
    if (!plan_) throw std::bad_alloc{};
  }

  /// Of numbers that are `stride` apart. The result is valid until the next call.
  const std::vector<kiss_fft_cpx>& operator()(const kiss_fft_cpx* from, std::size_t stride = 1) {
    kiss_fft_stride(plan_.get(), from, result_.data(), static_cast<int>(stride));
    return result_;
  }

 private:
  struct release {
    void operator()(kiss_fft_cfg plan) const { std::free(plan); }
  };
  std::unique_ptr<kiss_fft_state, release> plan_;
  std::vector<kiss_fft_cpx> result_;
};

}  // namespace

bool has_power_spectrum() { return true; }

mrcz::image<float> power_spectrum(const mrcz::image<float>& of) {
  const std::size_t rows = of.shape(0);
  const std::size_t columns = of.shape(1);
  const std::size_t half = columns / 2 + 1;  // the other half is the same, because voxels are real
  std::vector<kiss_fft_cpx> spectrum(rows * half);
  transform along_x{columns};
  std::vector<kiss_fft_cpx> row(columns);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) row[x] = {std::isfinite(of(y, x)) ? of(y, x) : 0, 0};
    const auto& found = along_x(row.data());
    for (std::size_t x = 0; x < half; ++x) spectrum[y * half + x] = found[x];
  }
  auto power = mrcz::image<float>::from_shape({rows, columns});
  transform along_y{rows};
  for (std::size_t x = 0; x < half; ++x) {
    const auto& found = along_y(&spectrum[x], half);
    for (std::size_t y = 0; y < rows; ++y) {
      const float logarithm = std::log(found[y].r * found[y].r + found[y].i * found[y].i);
      power((y + rows / 2) % rows, (x + columns / 2) % columns) = logarithm;
      power((rows - y + rows / 2) % rows, (columns - x + columns / 2) % columns) = logarithm;
    }
  }
  return power;
}

#else

bool has_power_spectrum() { return false; }

mrcz::image<float> power_spectrum(const mrcz::image<float>&) { return {}; }

#endif
