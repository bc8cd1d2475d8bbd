/// Writing a whole file with one call from a coroutine.
#pragma once

#include <filesystem>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/borrowed.hpp"
#include "mrcz/async/offload.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/async/writer.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz::async {

namespace detail {

template <class E>
asio::awaitable<void> write_all(asio::any_io_executor workers, std::filesystem::path path, E voxels,
                                write_options options, metadata values, window limits) {
  writer out{std::move(workers), path, options, values, limits};
  co_await out.append(std::move(voxels));
  co_await out.close();
}

}  // namespace detail

/// `co_await mrcz::async::write(workers, "out.mrcz", std::move(movie));` Takes over an image, a volume, or a lazy
/// expression of the rank of either. An expression must own its operands. Otherwise pass it as `borrowed(expression)`;
/// then its operands must outlive the call. Errors as for `mrcz::write`. After an error or a cancellation nothing has
/// changed on disk.
template <writable Array>
asio::awaitable<void> write(asio::any_io_executor workers, std::filesystem::path path, Array voxels,
                            write_options options = {}, metadata values = nullptr, window limits = {}) {
  return detail::write_all(std::move(workers), std::move(path), std::move(voxels), options, std::move(values), limits);
}

template <class E>
asio::awaitable<void> write(asio::any_io_executor workers, std::filesystem::path path, borrowed_expression<E> voxels,
                            write_options options = {}, metadata values = nullptr, window limits = {}) {
  return detail::write_all(std::move(workers), std::move(path), std::move(voxels), options, std::move(values), limits);
}

}  // namespace mrcz::async
