/// Definitions of `async/read_job.hpp`.
#pragma once

#include "mrcz/async/read_job.hpp"

#include <cstddef>
#include <span>

#include "mrcz/core/hardware.hpp"
#include "mrcz/core/parallel.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

MRCZ_INLINE shared_reader open_reader(std::unique_ptr<const byte_source> source, read_options options) {
  options.threads = 1;
  auto file = std::make_shared<const mrcz::reader>(std::move(source), options);
  if (options.incomplete) static_cast<void>(file->slices());  // the shape depends on them
  return file;
}

MRCZ_INLINE std::size_t read_job::prepare() {
  file_ = open_();
  box_ = wanted_(*file_, type());
  to_ = make(box_.shape());
  mrcz::detail::advise_huge_pages({to_.first, to_.bytes()});
  parts_ = steps_of_reading::parts(*file_, box_, thread_count(std::nullopt));
  return parts_.size();
}

MRCZ_INLINE void read_job::do_part(std::size_t part) { steps_of_reading::read(*file_, box_, parts_[part], to_); }

}  // namespace mrcz::async::inline MRCZ_ASIO::detail
