/// The only header that includes Asio. MRCZ_BOOST_ASIO chooses Boost.Asio; otherwise it is standalone Asio. The
/// coroutine part uses only what is the same in Asio 1.22 and later.
#pragma once

#ifdef MRCZ_BOOST_ASIO
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_awaitable.hpp>
#else
#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/system_executor.hpp>
#include <asio/use_awaitable.hpp>
#endif

#include <concepts>
#include <exception>
#include <utility>

#include "mrcz/core/linkage.hpp"

/// The namespace of what differs between the two. It lets a program use both, in different source files.
#ifdef MRCZ_BOOST_ASIO
#define MRCZ_ASIO with_boost_asio
#else
#define MRCZ_ASIO with_standalone_asio
#endif

namespace mrcz::async::inline MRCZ_ASIO {

#ifdef MRCZ_BOOST_ASIO
namespace asio = boost::asio;
#else
namespace asio = ::asio;
#endif

namespace detail {
using namespace mrcz::detail;

/// Posts `work`, whose destructor reports a failure if the work never runs. An exception of the executor is dropped:
/// that destructor has reported the failure, and the caller may be unable to handle an exception.
template <class Work>
void post_reporting(const asio::any_io_executor& executor, Work work) noexcept {
  try {
    asio::post(executor, std::move(work));
  } catch (...) {  // NOLINT(bugprone-empty-catch): the destructor of the work has reported it
  }
}

}  // namespace detail

}  // namespace mrcz::async::inline MRCZ_ASIO
