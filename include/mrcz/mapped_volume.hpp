/// An uncompressed file as an xtensor array, mapped into memory instead of read.
#pragma once

#include <bit>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "mrcz/array/array.hpp"
#include "mrcz/array/convert.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/io/mapped_file.hpp"
#include "mrcz/open_file.hpp"
#include "mrcz/reader.hpp"

namespace mrcz {

/// `mrcz::mapped_volume<float> tomogram{"tomo.mrc"}; auto mean = xt::mean(tomogram.voxels());`
///
/// Opening takes the same time for every file size. The system reads each page when the program first touches it.
/// Throws `errc::not_mappable` if the file is compressed or packed, has the other byte order, stores another type that
/// `T` can hold, or has an extended header after which the voxels are not aligned for `T`; `read<T>` reads all these
/// files. Other errors are those of `reader`.
///
/// If another program shortens the file while it is mapped, this program dies when it touches the missing part
/// (SIGBUS).
template <stored_voxel T>
class mapped_volume {
 public:
  /// Opens, checks and maps the file.
  explicit mapped_volume(const std::filesystem::path& path, read_options options = {}) : in_{mapped(path), options} {
    detail::with_context(path.string(), [&] {
      require_mappable(detail::axes_to_exchange(header(), options.axes) != detail::same_axes);
    });
    first_ = reinterpret_cast<const T*>(in_.source().in_memory().data() + in_.slices().begin());
  }

  /// The header of the file.
  const mrcz::header& header() const noexcept { return in_.header(); }
  /// [nz, ny, nx].
  mrcz::shape shape() const noexcept { return in_.shape(); }

  /// All voxels, [z][y][x]. The view must not outlive this object, so the function is deleted for temporary objects.
  auto voxels() const& { return detail::adapt_row_major(first_, shape()); }
  auto voxels() const&& = delete;

 private:
  static std::unique_ptr<const byte_source> mapped(const std::filesystem::path& path) {
    return detail::with_context(path.string(), [&] {
      auto file = std::make_unique<mapped_file>(path);
      const auto how = detail::packing_around(*file);
      if (!how.empty()) refuse(fmt::format("file is packed by {}", how));
      return file;
    });
  }

  [[noreturn]] static void refuse(std::string_view what) {
    detail::fail(errc::not_mappable, "{}, so the file cannot be mapped; mrcz::read<{}> reads it", what,
                 decoder_of<T>().name);
  }

  void require_mappable(bool exchanges_axes) const {
    if (exchanges_axes) refuse("axes are exchanged");
    if (in_.slices().compressed()) refuse(fmt::format("slices are compressed with {}", name_of(in_.codec())));
    in_.slices().require(shape()[0]);
    const detail::slice_format stored = in_.stored_format();
    detail::require_widening(decoder_of<T>(), stored.voxels);
    if (stored.voxels.byte_order != std::endian::native && word_bytes(stored.voxels.mode) > 1)
      refuse(fmt::format("voxels are {}-endian", name_of(stored.voxels.byte_order)));
    if (!detail::is_stored_as(decoder_of<T>(), stored.voxels))
      refuse(fmt::format("voxels are stored as {}", name_of(stored.voxels.mode)));
    if (in_.slices().begin() % alignof(T) != 0)
      refuse(fmt::format("voxels begin at byte {}, which is no multiple of {}", in_.slices().begin(), alignof(T)));
  }

  reader in_;
  const T* first_ = nullptr;
};

}  // namespace mrcz
