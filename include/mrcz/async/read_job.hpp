/// Reading a box of voxels into a new array, in parts on the workers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "mrcz/array/array.hpp"
#include "mrcz/array/evaluation.hpp"
#include "mrcz/array/voxels.hpp"
#include "mrcz/async/job.hpp"
#include "mrcz/core/linkage.hpp"
#include "mrcz/core/region.hpp"
#include "mrcz/reader.hpp"

namespace mrcz::async::inline MRCZ_ASIO::detail {

using shared_reader = std::shared_ptr<const mrcz::reader>;

/// What is read, once the file is open. May throw.
using box_of = std::function<resolved_region(const mrcz::reader& in, const voxel_decoder& type)>;

/// A reader for operations: it starts no threads.
MRCZ_INLINE shared_reader open_reader(std::unique_ptr<const byte_source> source, read_options options);

/// The file is open, or `open` opens it on a worker.
class read_job : public job {
 public:
  read_job(asio::any_io_executor workers, std::function<shared_reader()> open, box_of wanted)
      : job{std::move(workers)}, open_{std::move(open)}, wanted_{std::move(wanted)} {}

 private:
  /// Makes the array. Returns the place for its voxels.
  virtual voxels make(const shape& extents) = 0;
  virtual const voxel_decoder& type() const noexcept = 0;

  MRCZ_INLINE std::size_t prepare() override;
  MRCZ_INLINE void do_part(std::size_t part) override;

  std::function<shared_reader()> open_;
  box_of wanted_;
  shared_reader file_;
  resolved_region box_{};
  std::vector<resolved_region> parts_;
  voxels to_{};
};

/// Reads into a `volume<T>` or an `image<T>`.
template <class Array>
class array_job final : public read_job {
 public:
  using read_job::read_job;

 private:
  using element = typename Array::value_type;

  voxels make(const shape& extents) override {
    if constexpr (std::same_as<Array, image<element>>) array_ = make_image<element>(extents[1], extents[2]);
    else array_ = make_volume<element>(extents);
    return voxels_of(array_);
  }
  const voxel_decoder& type() const noexcept override { return decoder_of<element>(); }
  void* result() noexcept override { return &array_; }

  Array array_;
};

/// Initiates a read.
template <class Array, class Token>
auto initiate_read(asio::any_io_executor workers, Token&& token, std::function<shared_reader()> open, box_of wanted) {
  auto make = [workers, open = std::move(open), wanted = std::move(wanted)]() mutable {
    return std::make_shared<array_job<Array>>(checked(std::move(workers)), std::move(open), std::move(wanted));
  };
  return initiate_job<Array>(workers, std::forward<Token>(token), std::move(make));
}

}  // namespace mrcz::async::inline MRCZ_ASIO::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/async/read_job.ipp"
#endif
