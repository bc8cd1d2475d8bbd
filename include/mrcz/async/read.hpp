/// Reading a whole file, or one slice of it, with one call from a coroutine.
#pragma once

#include <cstddef>
#include <filesystem>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/reader.hpp"

namespace mrcz::async {

/// `auto v = co_await mrcz::async::read<float>(workers, "tomo.mrc");` The slices are read in parallel on `workers`.
template <voxel T>
asio::awaitable<volume<T>> read(asio::any_io_executor workers, std::filesystem::path path, read_options options = {}) {
  const auto in = co_await open(std::move(workers), std::move(path), options);
  co_return co_await in.template read<T>();
}

template <voxel T>
asio::awaitable<image<T>> read_slice(asio::any_io_executor workers, std::filesystem::path path, std::size_t z,
                                     read_options options = {}) {
  const auto in = co_await open(std::move(workers), std::move(path), options);
  co_return co_await in.template read_slice<T>(z);
}

}  // namespace mrcz::async
