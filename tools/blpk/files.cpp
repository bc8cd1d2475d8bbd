#include "files.hpp"

#include <cerrno>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mrcz/core/json.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

int opened(const std::string& path) {
  if (path == files::standard) return standard_streams::input_descriptor;
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);  // waits for the writer of a FIFO
    if (descriptor >= 0) return descriptor;
    const int reason = errno;
    signals::throw_if_interrupted();
    if (reason != EINTR) mrcz::detail::fail_system(reason, "cannot open", path);
  }
}

bool find(const std::string& path, struct stat& found) {
  return (path == files::standard ? ::fstat(standard_streams::input_descriptor, &found)
                                  : ::stat(path.c_str(), &found)) == 0;
}

}  // namespace

bool files::same(const std::string& one, const std::string& other) {
  struct stat first{};
  struct stat second{};
  return find(one, first) && find(other, second) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void files::check_metadata(const std::string& in, const std::optional<std::string>& metadata) {
  if (in == standard && metadata == standard) refuse("standard input cannot be both the data and the metadata");
}

void files::check_new(const session& s, const std::string& path) {
  if (exists(path) && !s.force) refuse("output file '{}' exists!", path);
}

void files::check(const session& s, const std::string& in, const std::string& out,
                  const std::optional<std::string>& metadata) {
  check_metadata(in, metadata);
  if (in != standard && !exists(in)) refuse("input file '{}' does not exist!", in);
  if (out != standard && exists(out)) {
    check_new(s, out);
    if (same(in, out)) refuse("output file '{}' is the input file", out);
    if (metadata && same(*metadata, out)) refuse("output file '{}' is the metadata file", out);
    s.say_verbose("overwriting existing file: '{}'", text::printable(out));
  }
  s.say_verbose("input file is: '{}'", text::printable(in));
  s.say_verbose("output file is: '{}'", text::printable(out));
  if (out != standard) signals::handle();
}

void files::check_seekable(const std::string& path) {
  if (is_stream(path)) refuse("this needs a file with positions, which '{}' is not", path);
  if (!exists(path)) refuse("file '{}' does not exist!", path);
}

files::stream::stream(const std::string& path)
    : name_{path == standard ? "standard input" : path}, descriptor_{opened(path)} {}

files::stream::~stream() {
  if (descriptor_ != standard_streams::input_descriptor) ::close(descriptor_);
}

std::size_t files::stream::read(std::span<std::byte> into) {
  std::size_t count = 0;
  while (count < into.size()) {
    signals::wait_for_input(descriptor_, name_);
    const ssize_t done = ::read(descriptor_, into.data() + count, into.size() - count);
    if (done == 0) break;
    if (done > 0) count += static_cast<std::size_t>(done);
    else if (errno != EINTR && errno != EAGAIN) mrcz::detail::fail_system(errno, "cannot read", name_);
  }
  return count;
}

void files::warn_of_end(const session& s, bool certainly_whole) {
  if (!certainly_whole)
    s.warn("the stream ends with a whole chunk, as the format allows; if it was cut off there, nothing shows it");
}

mrcz::descriptor_sink files::standard_output() { return {standard_streams::output_descriptor, "standard output"}; }

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
    auto values = mrcz::bloscpack::parse_metadata(text);
    static_cast<void>(mrcz::bloscpack::to_text(values));  // so that an error about what cannot be stored names the file
    return values;
  } catch (const mrcz::error& e) {
    refuse("metadata file '{}': {}", path, e.what());
  }
}
