/// Reading and writing bytes in order.
#pragma once

#include "mrcz/io/sequential.hpp"

#include <algorithm>
#include <system_error>

#include "mrcz/core/error.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/io/system.hpp"

namespace mrcz {

MRCZ_INLINE std::size_t descriptor_source::read(std::span<std::byte> into) {
  std::size_t count = 0;
  while (count < into.size()) {
    const std::ptrdiff_t done = detail::read_stream(descriptor_, into.subspan(count));
    if (done < 0) detail::fail_system(detail::last_error(), "cannot read", name_);
    if (done == 0) break;
    count += static_cast<std::size_t>(done);
  }
  return count;
}

MRCZ_INLINE void descriptor_sink::write(std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::ptrdiff_t done = detail::write_stream(descriptor_, from);
    if (done < 0) detail::fail_system(detail::last_error(), "cannot write", name_);
    if (done == 0)
      detail::fail_system(std::make_error_code(std::errc::io_error),
                          detail::text("cannot write: the system took none of {} bytes", from.size()), name_);
    from = from.subspan(static_cast<std::size_t>(done));
  }
}

namespace detail {

MRCZ_INLINE std::size_t rejoined_source::read(std::span<std::byte> into) {
  const std::size_t count = std::min(beginning_.size() - at_, into.size());
  std::copy_n(beginning_.data() + at_, count, into.data());
  at_ += count;
  return count == into.size() ? count : count + rest_->read(into.subspan(count));
}

MRCZ_INLINE std::size_t source_in_order::read(std::span<std::byte> into) {
  const std::uint64_t rest = source_->size() - at_;
  if (into.size() > rest) into = into.first(static_cast<std::size_t>(rest));
  source_->read_at(at_, into);
  at_ += into.size();
  return into.size();
}

MRCZ_INLINE void sink_in_order::write(std::span<const std::byte> from) {
  sink_->write_at(at_, from);
  at_ += from.size();
}

}  // namespace detail

}  // namespace mrcz
