/// Reading a whole file, or one slice of it, with one call.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/read_job.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

namespace detail {

/// Opens a file when it is called.
inline auto opening(std::filesystem::path path, const read_options& options) {
  return [path = std::move(path), options] { return open_reader(std::make_unique<file_source>(path), options); };
}

}  // namespace detail

/// `auto v = co_await mrcz::async::read<float>(workers, "tomo.mrc");` The slices are read in parallel on `workers`.
/// Signature `void(std::exception_ptr, volume<T>)`; see `reader`.
template <voxel T, token_for<volume<T>> Token = asio::use_awaitable_t<>>
auto read(asio::any_io_executor workers, std::filesystem::path path, read_options options = {},
          Token&& token = Token{}) {
  auto whole = [](const auto& in, const auto& type) { return detail::steps_of_reading::region(in, {}, type); };
  return detail::initiate_read<volume<T>>(std::move(workers), std::forward<Token>(token),
                                          detail::opening(std::move(path), options), std::move(whole));
}
/// With the options of the longer form at their defaults.
template <voxel T, token_for<volume<T>> Token>
auto read(asio::any_io_executor workers, std::filesystem::path path, Token&& token) {
  return read<T>(std::move(workers), std::move(path), {}, std::forward<Token>(token));
}

/// Signature `void(std::exception_ptr, image<T>)`.
template <voxel T, token_for<image<T>> Token = asio::use_awaitable_t<>>
auto read_slice(asio::any_io_executor workers, std::filesystem::path path, std::size_t z, read_options options = {},
                Token&& token = Token{}) {
  auto slice = [z](const auto& in, const auto& type) { return detail::steps_of_reading::slice(in, z, type); };
  return detail::initiate_read<image<T>>(std::move(workers), std::forward<Token>(token),
                                         detail::opening(std::move(path), options), std::move(slice));
}
/// With the options of the longer form at their defaults.
template <voxel T, token_for<image<T>> Token>
auto read_slice(asio::any_io_executor workers, std::filesystem::path path, std::size_t z, Token&& token) {
  return read_slice<T>(std::move(workers), std::move(path), z, {}, std::forward<Token>(token));
}

}  // namespace mrcz::async::inline MRCZ_ASIO
