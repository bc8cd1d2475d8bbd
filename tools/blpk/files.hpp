/// The files of a command: the checks of their names, and standard input and output, which are called "-".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/io/byte_source.hpp"
#include "mrcz/io/file.hpp"
#include "mrcz/io/sequential.hpp"
#include "session.hpp"
#include "signals.hpp"

namespace files {

inline constexpr std::string_view standard = "-";
inline constexpr std::string_view extension = ".blp";

inline bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

inline std::uint64_t size(const std::string& path) { return mrcz::file_source{path}.size(); }

/// Whether both paths lead to one file. "-" is the file from which standard input comes.
bool same(const std::string& one, const std::string& other);

/// Whether `path` is standard input, a FIFO, a character device or a socket. These have no positions and no size.
inline bool is_stream(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return path == standard || std::filesystem::is_fifo(status) || std::filesystem::is_character_file(status) ||
         std::filesystem::is_socket(status);
}

/// Refuses a file that exists, unless --force is given.
void check_new(const session& s, const std::string& path);

/// Refuses an input that does not exist, an output that exists (unless --force is given), and an output that is the
/// input or the metadata file. Also refuses standard input as both the input and the metadata file.
void check(const session& s, const std::string& in, const std::string& out,
           const std::optional<std::string>& metadata = std::nullopt);

void check_metadata(const std::string& in, const std::optional<std::string>& metadata);

/// Refuses a file that does not exist or has no positions.
void check_seekable(const std::string& path);

/// A stream that is opened by its name. Reading it throws once a signal has come.
class stream final : public mrcz::sequential_source {
 public:
  explicit stream(const std::string& path);
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() override;

  std::size_t read(std::span<std::byte> into) override;
  std::string name() const override { return name_; }

 private:
  std::string name_;
  int descriptor_;
};

/// Says so if nothing shows that a stream is whole.
void warn_of_end(const session& s, bool certainly_whole);

mrcz::descriptor_sink standard_output();

/// Reads the JSON in the file that the user named with --metadata.
mrcz::bloscpack::metadata read_metadata(const std::string& path);

}  // namespace files
