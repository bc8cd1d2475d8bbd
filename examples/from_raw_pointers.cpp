// Reads into arrays that are not xtensor's and writes them: turns each slice of a file by 90 degrees. `matrix` stands
// for the class of another library, such as Eigen: column-major, with a pointer and strides. No voxel is copied to make
// the views; a turned view is the same memory with other strides.
#include <cstddef>
#include <exception>
#include <vector>

#include <fmt/format.h>

#include "mrcz/mrcz.hpp"

namespace {

/// A matrix in column-major order.
class matrix {
 public:
  matrix(std::ptrdiff_t rows, std::ptrdiff_t columns)
      : rows_{rows}, columns_{columns}, elements_(static_cast<std::size_t>(rows * columns)) {}

  float* data() { return elements_.data(); }
  std::ptrdiff_t rows() const { return rows_; }
  std::ptrdiff_t cols() const { return columns_; }
  std::ptrdiff_t row_stride() const { return 1; }
  std::ptrdiff_t column_stride() const { return rows_; }

 private:
  std::ptrdiff_t rows_;
  std::ptrdiff_t columns_;
  std::vector<float> elements_;
};

/// All of it, as it is.
auto view_of(matrix& m) { return mrcz::view_of(m.data(), {m.rows(), m.cols()}, {m.row_stride(), m.column_stride()}); }

/// All of it, turned by 90 degrees: the last column becomes the first row.
auto turned(matrix& m) {
  float* const last_column = m.data() + (m.cols() - 1) * m.column_stride();
  return mrcz::view_of(last_column, {m.cols(), m.rows()}, {-m.column_stride(), m.row_stride()});
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) {
    fmt::print(stderr, "usage: {} FILE TURNED\n", arguments[0]);
    return 2;
  }
  const mrcz::reader in{arguments[1]};
  const auto [nz, ny, nx] = in.shape();
  matrix slice{static_cast<std::ptrdiff_t>(ny), static_cast<std::ptrdiff_t>(nx)};

  mrcz::writer out{arguments[2], {.kind = in.kind()}};
  for (std::size_t z = 0; z < nz; ++z) {
    in.read_slice(z, view_of(slice));
    out.append(turned(slice));
  }
  out.close();
  fmt::print("{} slices of {} x {} became {} x {}\n", nz, ny, nx, nx, ny);
} catch (const std::exception& e) {
  fmt::print(stderr, "error: {}\n", e.what());
  return 1;
}
