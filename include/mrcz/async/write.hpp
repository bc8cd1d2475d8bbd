/// Writing a whole file with one call.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "mrcz/array/array.hpp"
#include "mrcz/array/borrowed.hpp"
#include "mrcz/async/completion.hpp"
#include "mrcz/async/window.hpp"
#include "mrcz/async/write_queue.hpp"
#include "mrcz/format/metadata.hpp"
#include "mrcz/write_options.hpp"

namespace mrcz::async::inline MRCZ_ASIO {

/// `co_await mrcz::async::write(workers, "out.mrcz", std::move(movie));` Takes over an image, a volume, or a lazy
/// expression of the rank of either. An expression must own its operands. Otherwise pass it as `borrowed(expression)`;
/// then its operands must live until the operation is complete. Signature `void(std::exception_ptr)`; see `writer`.
/// Fails as `mrcz::write` does. A cancellation of any type is possible until the file is published. After a failure or
/// a cancellation nothing has changed on disk.
template <appendable Array, token_for<void> Token = asio::use_awaitable_t<>>
auto write(asio::any_io_executor workers, std::filesystem::path path, Array voxels, write_options options = {},
           mrcz::metadata values = nullptr, window limits = {}, Token&& token = Token{}) {
  auto start = [workers, path = std::move(path), from = detail::shared(std::move(voxels)), options,
                values = std::move(values),
                limits](detail::completion<detail::write_queue::request> who) mutable noexcept {
    std::shared_ptr<detail::write_queue> queue;
    auto failure = mrcz::detail::thrown_by([&] {
      auto out = detail::steps_of_writing::prepare(path, options, to_extended_header(values));
      queue = std::make_shared<detail::write_queue>(workers, std::move(out), limits, path);
    });
    if (failure) return who(std::move(failure));
    queue->write(std::move(from), std::move(who));
  };
  return detail::initiate<void, detail::write_queue::request>(workers, std::forward<Token>(token), std::move(start));
}
/// With the options of the longer form at their defaults.
template <appendable Array, token_for<void> Token>
auto write(asio::any_io_executor workers, std::filesystem::path path, Array voxels, Token&& token) {
  return write(std::move(workers), std::move(path), std::move(voxels), {}, nullptr, {}, std::forward<Token>(token));
}
/// With the options of the longer form at their defaults.
template <appendable Array, token_for<void> Token>
auto write(asio::any_io_executor workers, std::filesystem::path path, Array voxels, write_options options,
           Token&& token) {
  return write(std::move(workers), std::move(path), std::move(voxels), options, nullptr, {},
               std::forward<Token>(token));
}
/// With the options of the longer form at their defaults.
template <appendable Array, token_for<void> Token>
auto write(asio::any_io_executor workers, std::filesystem::path path, Array voxels, write_options options,
           mrcz::metadata values, Token&& token) {
  return write(std::move(workers), std::move(path), std::move(voxels), options, std::move(values), {},
               std::forward<Token>(token));
}

}  // namespace mrcz::async::inline MRCZ_ASIO
