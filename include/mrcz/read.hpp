/// Reads a whole file with one call.
#pragma once

#include <concepts>
#include <filesystem>
#include <type_traits>
#include <variant>

#include "mrcz/array/array.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

namespace detail {
template <class Types>
struct volumes_of;
template <class... T>
struct volumes_of<std::variant<std::type_identity<T>...>> {
  using type = std::variant<volume<T>...>;
};
}  // namespace detail

/// A volume of the type that the file stores; `std::visit` gives access to it.
using any_volume = detail::volumes_of<voxel_type>::type;

/// `auto v = mrcz::read<float>("tomo.mrc");` Errors as for `reader`.
template <voxel T>
volume<T> read(const std::filesystem::path& path, read_options options = {}) {
  return reader{path, options}.read<T>();
}

/// The file decides the type of the voxels. This is a template only so that programs that do not call it need not
/// compile it.
template <std::convertible_to<std::filesystem::path> Path>
any_volume read(const Path& path, read_options options = {}) {
  const reader in{path, options};
  return in.visit([&]<class T>(std::type_identity<T>) -> any_volume { return in.read<T>(); });
}

}  // namespace mrcz
