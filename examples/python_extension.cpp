// A Python module with pybind11: `mrc_files.read(path)` returns a numpy array of the type that the file stores, and
// `mrc_files.write(path, array)` takes any array of rank 2 or 3, whatever its strides. Other threads of Python run
// meanwhile. docs/python-extension.md explains the three things to know: symbols, the lock of the interpreter, forks.
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl/filesystem.h>

#include "mrcz/mrcz.hpp"

namespace {

namespace py = pybind11;

/// A numpy array that owns a volume. No voxel is copied.
template <class T>
py::array to_numpy(mrcz::volume<T>&& voxels) {
  auto kept = std::make_unique<mrcz::volume<T>>(std::move(voxels));
  const auto shape = kept->shape();
  T* const first = kept->data();
  const py::capsule owner{kept.release(), [](void* volume) { delete static_cast<mrcz::volume<T>*>(volume); }};
  return py::array_t<T>({shape[0], shape[1], shape[2]}, first, owner);
}

py::array read_file(const std::filesystem::path& path) {
  const mrcz::reader in{path};
  return in.visit([&]<class T>(std::type_identity<T>) -> py::array {
    if constexpr (std::is_same_v<T, mrcz::half> || std::is_same_v<T, mrcz::complex_int16>) {
      throw py::type_error{"numpy and pybind11 have no such type: " + std::string{name_of(in.mode())}};
    } else {
      mrcz::volume<T> voxels;
      {
        const py::gil_scoped_release others_run;
        voxels = in.read<T>();
      }
      return to_numpy<T>(std::move(voxels));
    }
  });
}

template <class T>
void write_file(const std::filesystem::path& path, const py::array_t<T, 0>& array) {
  const auto rank = array.ndim();
  if (rank != 2 && rank != 3) throw py::value_error{"an array of rank 2 or 3 is needed"};
  const auto extent = [&](py::ssize_t i) { return static_cast<std::size_t>(array.shape(i)); };
  const auto stride = [&](py::ssize_t i) { return array.strides(i) / static_cast<py::ssize_t>(sizeof(T)); };
  const T* const first = array.data();
  if (rank == 2) {
    const auto view = mrcz::view_of(first, {extent(0), extent(1)}, {stride(0), stride(1)});
    const py::gil_scoped_release others_run;
    mrcz::write(path, view);
  } else {
    const auto view = mrcz::view_of(first, {extent(0), extent(1), extent(2)}, {stride(0), stride(1), stride(2)});
    const py::gil_scoped_release others_run;
    mrcz::write(path, view);
  }
}

template <class... T>
void define_write(py::module_& module) {
  (module.def("write", &write_file<T>, py::arg("path"), py::arg("array").noconvert()), ...);
}

}  // namespace

PYBIND11_MODULE(mrc_files, module) {
  py::register_exception<mrcz::error>(module, "Error", PyExc_OSError);
  module.def("read", &read_file, py::arg("path"));
  define_write<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, float, double,
               std::complex<float>>(module);
}
