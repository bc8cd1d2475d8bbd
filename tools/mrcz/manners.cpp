#include "manners.hpp"

#include <filesystem>
#include <memory>
#include <system_error>

#include "mrcz/io/atomic_file.hpp"
#include "mrcz/io/packed.hpp"
#include "names.hpp"
#include "standard_streams.hpp"

void manners::report(std::string_view what) {
  std::fflush(stdout);
  fmt::print(stderr, "mrcz: error: {}\n", text::printable(what));
}

void manners::add_quiet(CLI::App& sub, bool& quiet) { sub.add_flag("-q,--quiet", quiet, "Print nothing but errors"); }

void manners::add_force(CLI::App& sub, bool& force) {
  sub.add_flag("-f,--force", force, "Replace an output that exists");
}

void manners::add_threads(CLI::App& sub, std::optional<std::size_t>& threads) {
  sub.add_option("--threads", threads, "The number of threads; not stated: one per processor")
      ->check(CLI::Range(1, 1024));
}

void manners::require_no_input(const std::vector<std::string>& inputs, const std::string& output) {
  std::error_code ignored;
  for (const auto& input : inputs)
    if (std::filesystem::equivalent(input, output, ignored))
      throw refusal{fmt::format("{}: is an input and cannot be the output", output)};
}

namespace {

/// Calls `open`. Its error for a file that exists says what replaces it.
template <class Open>
auto naming_force(const std::string& path, Open&& open) {
  try {
    return open();
  } catch (const mrcz::error& e) {
    if (e.code() != mrcz::errc::already_exists) throw;
    mrcz::detail::fail(mrcz::errc::already_exists, {.path = path, .found = "exists", .remark = "--force replaces it"});
  }
}

}  // namespace

std::FILE* manners::for_messages(const std::string& output) {
  return standard_streams::is_meant_by(output) ? stderr : stdout;
}

mrcz::writer manners::open(const std::string& path, const mrcz::write_options& options) {
  if (names::is_of_other_format(path))
    throw refusal{fmt::format("{}: is the name of another format, but MRC would be written; use .mrc or .mrcz", path)};
  if (!standard_streams::is_meant_by(path)) return naming_force(path, [&] { return mrcz::writer{path, options}; });
  auto at_the_end = std::make_unique<mrcz::detail::packed_sink>(std::make_unique<standard_streams::output>(),
                                                                mrcz::packing::none, 1, options.stop);
  return mrcz::writer{std::move(at_the_end), options};
}

std::unique_ptr<mrcz::byte_sink> manners::open_sink(const std::string& path, bool force) {
  if (standard_streams::is_meant_by(path)) return std::make_unique<standard_streams::output>();
  return naming_force(path, [&] { return std::make_unique<mrcz::atomic_file>(path, mrcz::durability::data, force); });
}
