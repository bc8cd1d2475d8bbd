/// Changes of existing files in place that are done or undone: a record beside the file keeps the old bytes meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mrcz/core/linkage.hpp"
#include "mrcz/io/file.hpp"

namespace mrcz {

/// A change of a file in place that has not ended: it was interrupted, or it runs at this moment.
struct pending_change {
  std::filesystem::path record;  ///< the file that keeps the old bytes
  std::uint64_t offset = 0;      ///< the first byte that may have changed
  std::uint64_t bytes = 0;       ///< how many bytes may have changed
  bool fits = false;             ///< false if another program has changed or replaced the file since
  bool obsolete = false;         ///< it does not fit and is of no use: the next opening for writing removes it
};

/// Looks for the record of a change that has not ended. Nothing is locked and nothing changes. The next opening for
/// writing gives the file its old bytes back, if the record fits.
MRCZ_INLINE std::optional<pending_change> pending_undo(const std::filesystem::path& path);

namespace detail {

struct byte_range {
  std::uint64_t offset;
  std::uint64_t count;
};

/// What a record says, apart from the old bytes, which may be more than the memory holds.
struct undo_content {
  std::uint64_t file_size = 0;  ///< before the change
  std::uint64_t witness = 0;    ///< a digest of bytes that do not change
  std::uint64_t number = 0;     ///< of the file in its file system
  std::vector<byte_range> ranges;
  std::uint64_t old_bytes = 0;        ///< how many there are
  std::uint64_t old_bytes_begin = 0;  ///< where they are in the record
  unsigned owner = 0;                 ///< of the record, as in `file_status`
};

/// The record of one file. Before bytes of the file are overwritten, the record holds the old ones and is synced, and
/// so is the folder that names it. It is removed when the new bytes are synced. So a record that is complete may be
/// needed, and one that is not is from before the change. The caller holds the lock of the file.
///
/// The record lies beside the file, under the file's name with `.undo` behind it. It is not hidden, so that a
/// person who copies or moves the file sees that both belong together. If the name of the file is a symbolic link, the
/// record lies beside the target. It has the permissions of the file.
///
/// Its numbers are little-endian and have 64 bits:
///
///     0   "undo-1\r\n"
///     8   digest of the bytes from 16 on that are before the old bytes (FNV-1a)
///     16  size of the record
///     24  size of the file before the change
///     32  witness: digest of bytes of the file that do not change, so that the record is not applied to another file
///     40  number of the file in its file system (inode)
///     48  digest of the old bytes
///     56  number of ranges, at most 65536, then offset and size of each, by rising offset
///     ..  the old bytes of all ranges, one after the other
///
/// Whoever may write into the folder can make a file of this name. So sizes are believed only where those of the file
/// and of the record agree, and old bytes are read and written in pieces of 1 MiB.
class undo_record {
 public:
  static constexpr const char* suffix = ".undo";
  static constexpr std::size_t most_ranges = 65536;

  /// The record of the file at this path. It need not exist.
  explicit undo_record(const std::filesystem::path& of);

  const std::filesystem::path& path() const noexcept { return path_; }

  /// Nothing if there is no record of the file, or one that is incomplete.
  std::optional<undo_content> read(const file& of) const;

  /// As above, and leaves the record open in `record`: its bytes can then be read even after it is removed.
  std::optional<undo_content> read(const file& of, std::optional<file>& record) const;

  /// Whether there is a record, or at least the beginning of one.
  bool exists() const;

  /// Keeps the bytes of `ranges`, which are in rising order and do not overlap. What they have beyond the end of the
  /// file needs no record: undoing cuts the file to its old size. Returns once the record is on the storage device.
  /// Throws `errc::too_large` for more than `most_ranges`.
  void keep(const file& of, std::span<const byte_range> ranges) const;

  /// Of a record that does not fit: whether it was made of another file, or all bytes that it keeps are in the file.
  bool is_obsolete(const undo_content& content, const file& of) const;

  /// Throws EACCES if the record belongs neither to the owner of the file nor to the user of this process: in a folder
  /// where everybody may create files, it could be a forgery.
  void require_trusted(unsigned owner, const file& of) const;

  /// Gives the file its old bytes and its old size back, if there is a complete record, and removes the record. A file
  /// of this name that is no record stays where it is.
  ///
  /// A record may not fit the file. If the file has another number than that of the record, another file has taken its
  /// name: a program may have been killed after it renamed a new file and before it removed the record of the old one.
  /// If all bytes that the record keeps are in the file, there is nothing to undo. In both cases the record is removed
  /// and the file stays as it is. Otherwise a program that knows no records has changed a file that holds old and new
  /// bytes. Only a person can know what is right, so this throws ESTALE.
  void roll_back(file& of) const;

  /// Removes the record, as the change is complete. Returns false if there is none.
  bool remove() const;

  /// Removes the record of another file than the one with this number, which has taken its name. Another program may
  /// have begun to change the new file already, so its record stays, and so does a file that is no record. Reports
  /// nothing.
  void discard_of_others(std::uint64_t number) const noexcept;

 private:
  enum class found : std::uint8_t { nothing, foreign, blank, record };

  /// What has the name of the record, by its first bytes. Opens it if it may be one.
  found look(std::optional<file>& opened) const;

  /// Returns false unless the record is complete. Does not read the old bytes of a longer file than `of`, which the
  /// record does not fit.
  static bool decode(const file& record, const file& of, undo_content& into);

  bool holds_old_bytes(const undo_content& content, const file& of) const;

  std::filesystem::path path_;
};

/// Whether the bytes of the file that do not belong to the change are still those of the record.
MRCZ_INLINE bool fits(const undo_content& record, const file& of);

}  // namespace detail

}  // namespace mrcz

#ifndef MRCZ_SEPARATE_COMPILATION
#include "mrcz/impl/io/undo_record.ipp"
#endif
