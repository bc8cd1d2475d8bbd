/// A header that is being made: each field remembers whether somebody has stated it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "mrcz/core/linkage.hpp"
#include "mrcz/format/header.hpp"
#include "mrcz/format/header_bytes.hpp"
#include "mrcz/format/labels.hpp"
#include "mrcz/format/machine_stamp.hpp"

namespace mrcz {

/// A field and whether it was stated. Reads as its value; an assignment states it, also if the value stays the same.
template <class T>
class header_field {
 public:
  header_field() = default;
  header_field(const header_field&) = default;
  /// States the value of another field.
  header_field& operator=(const header_field& other) {
    *this = other.value_;
    return *this;
  }
  ~header_field() = default;

  /// States the value.
  header_field& operator=(const T& value) {
    value_ = value;
    stated_ = true;
    return *this;
  }

  /// Reads as the value.
  operator const T&() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)
  /// The value, where the conversion does not apply.
  const T& value() const noexcept { return value_; }
  /// Whether somebody has assigned the field.
  bool is_stated() const noexcept { return stated_; }

  /// Takes over a value that nobody has stated.
  void copy(const T& value) {
    value_ = value;
    stated_ = false;
  }

  /// Takes over a value, and whether it was stated.
  void copy(const header_field& other) {
    value_ = other.value_;
    stated_ = other.stated_;
  }

 private:
  T value_{};
  bool stated_ = false;
};

/// Three fields, one per axis.
template <class T>
struct header_axes {
  header_field<T> x;  ///< along X
  header_field<T> y;  ///< along Y
  header_field<T> z;  ///< along Z

  /// States all three.
  header_axes& operator=(const per_axis<T>& values) {
    x = values.x, y = values.y, z = values.z;
    return *this;
  }

  /// Reads as the three values.
  operator per_axis<T>() const noexcept { return {x, y, z}; }  // NOLINT(google-explicit-constructor)
};

/// The ten labels, and which of them were stated. The label of MRCZ comes back where a file needs it, also if it was
/// erased here.
class header_labels {
 public:
  /// As the function of `labels` of this name.
  /// @{
  void add(std::string_view text);
  void add_or_overwrite_last(std::string_view text);
  void replace(std::size_t i, std::string_view text);
  void erase(std::size_t i);
  void clear() noexcept { *this = header_labels{}; }
  /// @}

  /// As the function of `labels` of this name.
  /// @{
  std::string_view operator[](std::size_t i) const { return text_[i]; }
  std::size_t size() const noexcept { return text_.size(); }
  bool empty() const noexcept { return text_.empty(); }
  auto begin() const noexcept { return text_.begin(); }
  auto end() const noexcept { return text_.end(); }
  /// @}

  /// Reads as the ten fields.
  operator const labels&() const noexcept { return text_; }  // NOLINT(google-explicit-constructor)
  /// The ten fields.
  const labels& value() const noexcept { return text_; }
  /// Whether somebody has stated the label in field i.
  bool is_stated(std::size_t i) const { return stated_.at(i); }

  /// States all labels.
  header_labels& operator=(const labels& all);

  /// Takes over labels that nobody has stated.
  void copy(const labels& all) noexcept;

 private:
  labels text_;
  std::array<bool, labels::capacity> stated_{};
};

/// What a caller says of a header that will be written. It has the members of `header`. Assigning a member states it,
/// and it is then written as stated, or refused. Assigning a whole `header` copies it: its values stay where they fit
/// the data, and earlier statements are forgotten. A header without extents is not that of a file: each of its fields
/// that differs from a new header's counts as stated.
struct header_fields {
  /// As the member of `header` of this name.
  /// @{
  header_field<std::int32_t> nx, ny, nz;
  header_field<std::int32_t> mode;
  header_field<std::int32_t> nxstart, nystart, nzstart;
  header_field<std::int32_t> mx, my, mz;
  header_axes<float> cella;
  header_axes<float> cellb;
  header_field<std::int32_t> mapc, mapr, maps;
  header_field<float> dmin, dmax, dmean;
  header_field<std::int32_t> ispg;
  header_field<std::int32_t> nsymbt;
  header_field<std::array<std::byte, 8>> extra1;
  header_field<std::array<char, 4>> exttyp;
  header_field<std::int32_t> nversion;
  header_field<std::array<std::byte, 16>> extra2;
  header_field<std::int16_t> nint, nreal;
  header_field<float> voltage, c3, gain;
  header_field<std::int64_t> packed_bytes;
  header_field<std::int32_t> imod_stamp, imod_flags;
  header_field<std::array<std::byte, 36>> extra3;
  header_axes<float> origin;
  header_field<std::array<char, 4>> map;
  header_field<machine_stamp> machst;
  header_field<float> rms;
  header_field<std::int32_t> nlabl;
  header_labels labels;
  header_field<std::endian> byte_order;
  /// @}

  /// The values of a new header. Nothing is stated.
  MRCZ_INLINE header_fields();
  /// Copies a header, as an assignment does.
  header_fields(const header& source) : header_fields{} { *this = source; }  // NOLINT(google-explicit-constructor)
  header_fields(const header_fields&) = default;
  ~header_fields() = default;

  /// Copies the header of a file: its values are not stated.
  MRCZ_INLINE header_fields& operator=(const header& source);
  /// Takes over all fields, and which of them were stated.
  MRCZ_INLINE header_fields& operator=(const header_fields& source);

  /// States the size of a voxel, in angstrom. CELLA will be M times this size, once M is known. Contradicts a CELLA
  /// that is stated otherwise.
  void set_voxel_size(const voxel_size& size) noexcept { voxel_size_ = size; }
  /// What `set_voxel_size` has stated.
  const std::optional<voxel_size>& stated_voxel_size() const noexcept { return voxel_size_; }

  /// Whether the header of a file was copied.
  bool is_copied() const noexcept { return copied_; }

  /// Reads as a header with these values.
  MRCZ_INLINE operator header() const noexcept;  // NOLINT(google-explicit-constructor)

  /// As `has_unsigned_bytes` of a header.
  bool has_unsigned_bytes() const noexcept { return imod_stamp == imod_stamp_value && (imod_flags & 1) == 0; }

 private:
  MRCZ_INLINE void copy(const header& source);

  std::optional<voxel_size> voxel_size_;
  bool copied_ = false;
};

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/format/header_fields.ipp"
#endif
