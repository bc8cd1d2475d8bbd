#include "batch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stop_token>

#include <fmt/format.h>

#include "manners.hpp"
#include "mrcz/compare_voxels.hpp"
#include "mrcz/copy_slices.hpp"
#include "mrcz/core/parallel.hpp"
#include "mrcz/io/system.hpp"
#include "printable.hpp"
#include "progress.hpp"
#include "rewrite.hpp"
#include "signals.hpp"
#include "sizes.hpp"

namespace {

namespace fs = std::filesystem;

/// One file of the batch. `problem` is set if it is clear from the names that it cannot be done.
struct task {
  std::string in;
  std::string out;
  std::string problem;
};

enum class outcome { done, skipped, failed };

struct result {
  outcome end = outcome::failed;
  std::string problem;
  std::uint64_t before = 0;  // bytes of the input
  std::uint64_t after = 0;   // bytes of the output
};

/// Identifies a file, whatever its path.
using identity = decltype(mrcz::detail::file_status::identity);

std::optional<identity> identity_of(const std::string& path) {
  mrcz::detail::file_status found;
  if (!mrcz::detail::get_status(path, found)) return std::nullopt;
  return found.identity;
}

/// The files that were named, and those in the folders that were named.
class collection {
 public:
  collection(const batch& given, const batch::work& wanted) : given_{given}, wanted_{wanted} {
    for (const auto& input : given.inputs) add(input);
    for (const auto& one : tasks_)
      if (const auto found = identity_of(one.in)) inputs_.insert(*found);
    for (auto& one : tasks_) check(one);
  }

  std::vector<task> tasks() && { return std::move(tasks_); }

 private:
  void add(const std::string& input) {
    std::error_code ignored;
    if (!fs::is_directory(input, ignored)) {
      tasks_.push_back(given_.out ? task{input, *given_.out, {}} : named(input, fs::path{input}.filename()));
      return;
    }
    if (!given_.recursive) {
      tasks_.push_back({input, {}, "is a folder; --recursive does the files in it"});
      return;
    }
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator{input, fs::directory_options::skip_permission_denied})
      if (entry.is_regular_file(ignored) && wanted_.is_input(entry.path().filename().string()))
        found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    for (const auto& path : found) tasks_.push_back(named(path, fs::path{path}.lexically_relative(input)));
  }

  /// `below`: the path of the output in the folder that --output-dir names.
  task named(const std::string& input, const fs::path& below) const {
    const auto out = wanted_.name_of(given_.output_dir ? (fs::path{*given_.output_dir} / below).string() : input);
    if (!out) return {input, {}, "does not end with .mrcz, so the output has no name; -o names it"};
    return {input, *out, {}};
  }

  void check(task& one) {
    if (!one.problem.empty()) return;
    if (const auto found = identity_of(one.out); found && inputs_.contains(*found))
      one.problem = fmt::format("its output {} is an input", one.out);
    const auto [other, is_new] = outputs_.emplace(fs::path{one.out}.lexically_normal().string(), one.in);
    if (!is_new) one.problem = fmt::format("its output {} is also that of {}", one.out, other->second);
  }

  const batch& given_;
  const batch::work& wanted_;
  std::vector<task> tasks_;
  std::set<identity> inputs_;
  std::map<std::string, std::string> outputs_;  // and the inputs that they come from
};

/// The bytes of the voxels of a file; 0 if it cannot be read, which is reported later.
std::uint64_t voxel_bytes(const task& one) {
  if (!one.problem.empty()) return 0;
  try {
    const mrcz::reader in{one.in};
    return in.shape()[0] * std::uint64_t{in.stored_format().bytes()};
  } catch (const std::exception&) {
    return 0;
  }
}

/// What must stay the same for the source to be the file that was read.
struct state {
  std::uintmax_t size;
  fs::file_time_type changed;

  explicit state(const std::string& path) : size{fs::file_size(path)}, changed{fs::last_write_time(path)} {}
  friend bool operator==(const state&, const state&) = default;
};

class worker {
 public:
  worker(const batch& given, const batch::work& wanted, std::size_t threads, const std::stop_token* stop,
         std::atomic<std::uint64_t>* progress)
      : given_{given}, wanted_{wanted}, threads_{threads}, stop_{stop}, progress_{progress} {}

  result operator()(const task& one) const {
    try {
      if (!one.problem.empty()) throw manners::refusal{fmt::format("{}: {}", one.in, one.problem)};
      return rewrite(one);
    } catch (const mrcz::error& e) {
      if (e.code() == mrcz::errc::stopped) throw;
      return {outcome::failed, e.what()};
    } catch (const std::exception& e) {
      return {outcome::failed, e.what()};
    }
  }

 private:
  mrcz::reader open(const std::string& path) const { return mrcz::reader{path, {.threads = threads_, .stop = stop_}}; }

  result rewrite(const task& one) const {
    const auto in = open(one.in);
    const state before{one.in};
    if (wanted_.compression.codec != mrcz::codec::none && in.codec() != mrcz::codec::none)
      throw manners::refusal{
          fmt::format("{}: is compressed with {} already; mrcz convert changes that", one.in, name_of(in.codec()))};
    result made{outcome::done, {}, before.size, 0};
    if (given_.skip_existing && is_there(one, in, before)) {
      made.end = outcome::skipped;
      progress_->fetch_add(in.shape()[0] * std::uint64_t{in.stored_format().bytes()});
    } else {
      write(in, one.out);
    }
    made.after = fs::file_size(one.out);
    if (given_.remove_source) remove(one, in, before);
    return made;
  }

  void write(const mrcz::reader& in, const std::string& path) const {
    if (const auto folder = fs::path{path}.parent_path(); given_.output_dir && !folder.empty())
      fs::create_directories(folder);
    auto out =
        rewriting::open_like(in, path,
                             {.compression = wanted_.compression,
                              .mode = in.mode(),
                              .byte_order = rewriting::byte_order_for(in),
                              .durability = given_.remove_source ? mrcz::durability::full : mrcz::durability::data,
                              .replace = given_.force,
                              .threads = threads_,
                              .stop = stop_,
                              .progress = progress_});
    mrcz::copy_slices(in, {}, out);
    out.close();
  }

  /// Whether the output is complete, not older than the input, and what would be written.
  bool is_there(const task& one, const mrcz::reader& in, const state& before) const {
    std::error_code ignored;
    if (!fs::exists(one.out, ignored)) return false;
    try {
      const auto out = open(one.out);
      return state{one.out}.changed >= before.changed && out.shape() == in.shape() && out.mode() == in.mode() &&
             out.codec() == codec_when_read() && out.slices().complete() == out.slices().claimed();
    } catch (const mrcz::error&) {
      return false;
    }
  }

  /// lz4hc appears as lz4.
  mrcz::codec codec_when_read() const {
    const auto codec = *wanted_.compression.codec;
    return codec == mrcz::codec::lz4hc ? mrcz::codec::lz4 : codec;
  }

  /// Removes the input after reading back the output.
  void remove(const task& one, const mrcz::reader& in, const state& before) const {
    const auto keep = [&](const std::string& why) {
      throw manners::refusal{fmt::format("{}: stays, because {}", one.in, why)};
    };
    const auto out = open(one.out);
    if (mrcz::compare_voxels(in, out, threads_).count != 0) keep(one.out + " has other voxels");
    const auto wanted = mrcz::detail::padded(in.extended_header()).bytes;
    if (out.extended_header().bytes != wanted) keep(one.out + " has another extended header");
    signals::throw_if_interrupted();
    if (state{one.in} != before) keep("it has changed since it was read");
    fs::remove(one.in);
  }

  const batch& given_;
  const batch::work& wanted_;
  std::size_t threads_;
  const std::stop_token* stop_;
  std::atomic<std::uint64_t>* progress_;
};

/// Counts the results and prints them.
class account {
 public:
  account(const batch& given, const batch::work& wanted) : given_{given}, wanted_{wanted} {}

  void add(const task& one, const result& made) {
    if (made.end == outcome::failed) {
      manners::report(made.problem);
      ++failed_;
      return;
    }
    ++(made.end == outcome::skipped ? skipped_ : done_);
    if (made.end == outcome::done) before_ += made.before, after_ += made.after;
    if (!given_.quiet)
      fmt::print("{} {} {}, {}\n", text::printable(one.in),
                 made.end == outcome::done ? "->" : "was done:", text::printable(one.out),
                 change(made.before, made.after));
  }

  int end() const {
    if (!given_.quiet && done_ + skipped_ + failed_ != 1) {
      fmt::print("{} {}", done_, wanted_.past);
      if (done_ > 0) fmt::print(", {}", change(before_, after_));
      if (skipped_ > 0) fmt::print("; {} skipped", skipped_);
      if (failed_ > 0) fmt::print("; {} failed", failed_);
      fmt::print("\n");
    }
    return failed_ == 0 ? manners::done : manners::failed;
  }

 private:
  static std::string change(std::uint64_t before, std::uint64_t after) {
    return fmt::format("{} to {} ({:.1f} %)", sizes::pretty(before), sizes::pretty(after),
                       100 * static_cast<double>(after) / static_cast<double>(std::max<std::uint64_t>(before, 1)));
  }

  const batch& given_;
  const batch::work& wanted_;
  std::size_t done_ = 0;
  std::size_t skipped_ = 0;
  std::size_t failed_ = 0;
  std::uint64_t before_ = 0;
  std::uint64_t after_ = 0;
};

}  // namespace

void batch::add_to(CLI::App& sub) {
  sub.add_option("FILE", inputs, "The files to read; with --recursive also folders")->required();
  auto* name = sub.add_option("-o,--output", out, "The file to write; only for one FILE");
  sub.add_option("--output-dir", output_dir, "The folder to write into; it is made if it is not there")->excludes(name);
  sub.add_flag("--remove-source", remove_source, "Remove each FILE once its output was read back and is the same");
  sub.add_flag("--recursive", recursive, "Do the files in folders, and in the folders in them")->excludes(name);
  sub.add_flag("--skip-existing", skip_existing,
               "Skip files whose output is there, complete and not older, so that the same command resumes its work");
  manners::add_threads(sub, threads);
  manners::add_force(sub, force);
  manners::add_quiet(sub, quiet);
}

int batch::run(const work& wanted) const {
  if (out && inputs.size() != 1)
    throw CLI::ValidationError{"-o", "names the output of one FILE, but there are several"};
  signals::handle();
  const signals::stop by_signal;
  const auto tasks = collection{*this, wanted}.tasks();
  if (tasks.empty()) throw manners::refusal{fmt::format("there is no file to be {}", wanted.past)};
  const std::size_t available = mrcz::detail::thread_count(threads);
  const std::size_t at_once = std::min(available, tasks.size());
  std::uint64_t total = 0;
  for (const auto& one : tasks) total += voxel_bytes(one);
  std::atomic<std::uint64_t> progress = 0;
  account all{*this, wanted};
  {
    const progress_bar bar{progress, total, quiet};
    const worker do_it{*this, wanted, std::max<std::size_t>(available / at_once, 1), by_signal.token(), &progress};
    std::size_t next = 0;
    mrcz::detail::parallel_ordered<result>(
        tasks.size(), at_once, [&](std::size_t i) { return do_it(tasks[i]); },
        [&](result&& made) { all.add(tasks[next++], made); });
  }
  return all.end();
}
