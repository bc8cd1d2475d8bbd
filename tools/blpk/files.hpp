/// The files of a command: which are refused, and standard input and output, which are called "-".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "mrcz/bloscpack/metadata.hpp"
#include "mrcz/io/sequential.hpp"
#include "session.hpp"

namespace files {

inline constexpr std::string_view standard = "-";
inline constexpr std::string_view extension = ".blp";

inline bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

inline std::uint64_t size(const std::string& path) { return std::filesystem::file_size(path); }

inline bool same(const std::string& one, const std::string& other) {
  std::error_code ignored;
  return std::filesystem::equivalent(one, other, ignored);
}

/// Standard input, a pipe or a device: without positions and without a size.
inline bool is_stream(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return path == standard || std::filesystem::is_fifo(status) || std::filesystem::is_character_file(status) ||
         std::filesystem::is_socket(status);
}

/// Refuses an input that is not there, an output that is, and an output that is the input.
void check(const session& s, const std::string& in, const std::string& out);

/// A stream by its name.
class stream final : public mrcz::sequential_source {
 public:
  explicit stream(const std::string& path);
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() override;

  std::size_t read(std::span<std::byte> into) override { return source_.read(into); }
  std::string name() const override { return source_.name(); }

 private:
  int descriptor_;
  mrcz::descriptor_source source_;
};

mrcz::descriptor_sink standard_output();

/// The JSON in a file, which the user named with --metadata.
mrcz::bloscpack::metadata read_metadata(const std::string& path);

}  // namespace files
