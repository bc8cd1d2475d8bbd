/// Reads a file as it was before a change in place that has not ended.
#pragma once

#include <filesystem>
#include <memory>

#include "mrcz/core/linkage.hpp"
#include "mrcz/io/byte_source.hpp"

namespace mrcz::detail {

/// Opens a file for reading. If there is an undo record that fits it, the source has the old size and the old bytes of
/// the record. So a reader sees the state to which the next opening for writing returns, or in which a running program
/// found the file. Nothing is locked and nothing changes.
MRCZ_INLINE std::shared_ptr<const byte_source> open_undone(const std::filesystem::path& path);

}  // namespace mrcz::detail

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/undone_file.ipp"
#endif
