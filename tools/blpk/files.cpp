#include "files.hpp"

#include <cerrno>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "mrcz/core/json.hpp"

namespace {

int opened(const std::string& path) {
  if (path == files::standard) return STDIN_FILENO;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) mrcz::fail_system(errno, path + ": cannot open");
  return descriptor;
}

}  // namespace

void files::check(const session& s, const std::string& in, const std::string& out) {
  if (in != standard && !exists(in)) refuse("input file '{}' does not exist!", in);
  if (out != standard && exists(out)) {
    if (!s.force) refuse("output file '{}' exists!", out);
    if (same(in, out)) refuse("output file '{}' is the input file", out);
    s.say_verbose("overwriting existing file: '{}'", out);
  }
  s.say_verbose("input file is: '{}'", in);
  s.say_verbose("output file is: '{}'", out);
}

files::stream::stream(const std::string& path)
    : descriptor_{opened(path)}, source_{descriptor_, path == standard ? "standard input" : path} {}

files::stream::~stream() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

std::size_t files::stream::read(std::span<std::byte> into) {
  const std::size_t got = source_.read(into);
  throw_if_interrupted();
  return got;
}

mrcz::descriptor_sink files::standard_output() { return {STDOUT_FILENO, "standard output"}; }

mrcz::bloscpack::metadata files::read_metadata(const std::string& path) {
  if (path != standard && !exists(path)) refuse("metadata file '{}' does not exist!", path);
  stream in{path};
  std::string text;
  for (std::size_t got = 1; got > 0 && text.size() <= mrcz::max_metadata_bytes;) {
    const std::size_t before = text.size();
    text.resize(before + 65536);
    got = in.read(std::as_writable_bytes(std::span{text}.subspan(before)));
    text.resize(before + got);
  }
  try {
    return mrcz::bloscpack::parse_metadata(text);
  } catch (const mrcz::error& e) {
    refuse("metadata file '{}': {}", path, e.what());
  }
}
