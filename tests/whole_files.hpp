/// What the tests of whole files share: files made in memory, their voxels in a form that can be compared, and child
/// processes that may crash.
#pragma once

#include <atomic>
#include <bit>
#include <cerrno>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "mrcz/array/array.hpp"
#include "mrcz/core/endian.hpp"
#include "mrcz/core/error.hpp"
#include "mrcz/format/mode.hpp"
#include "mrcz/io/byte_sink.hpp"
#include "mrcz/io/memory.hpp"
#include "mrcz/metadata.hpp"
#include "mrcz/reader.hpp"
#include "mrcz/writer.hpp"
#include "tests/support.hpp"

namespace test {

using bytes = std::vector<std::byte>;

/// A file in memory that holds `voxels`.
template <class E>
bytes file_with(const E& voxels, const mrcz::write_options& options = {}, const mrcz::metadata& values = nullptr) {
  bytes content;
  mrcz::writer out{std::make_unique<mrcz::memory_sink>(content), options, values};
  out.append(voxels);
  out.close();
  return content;
}

/// A file in memory with `counts` in any mode.
bytes file_of(mrcz::mode mode, const mrcz::shape& extents, mrcz::write_options options = {},
              const mrcz::metadata& values = nullptr);

inline mrcz::reader reader_of(bytes content, const mrcz::read_options& options = {}) {
  return mrcz::reader{std::make_unique<mrcz::memory_source>(std::move(content)), options};
}

using numbers = std::vector<std::complex<double>>;

/// All voxels as numbers; complex<double> holds those of every mode.
numbers numbers_of(const mrcz::reader& in);

/// What `counts` of this shape are as numbers.
numbers expected_counts(const mrcz::shape& extents, unsigned seed = 1);

/// All voxels in the type that the file decides, as little-endian bytes.
bytes voxel_bytes(const mrcz::reader& in);

/// A sink in memory that fails at its n-th call and records its calls.
class failing_sink final : public mrcz::byte_sink {
 public:
  struct history {
    int calls = 0;
    bool published = false;
    bool destroyed = false;
  };

  failing_sink(int good_calls, history& seen) : good_calls_{good_calls}, seen_{&seen} {}
  ~failing_sink() override { seen_->destroyed = true; }

  void write_at(std::uint64_t, std::span<const std::byte>) override { count(); }
  void publish() override {
    count();
    seen_->published = true;
  }
  std::string name() const override { return "bad disk"; }

 private:
  void count() {
    if (seen_->calls++ == good_calls_) mrcz::detail::fail_system(ENOSPC, "cannot write", "bad disk");
  }

  int good_calls_;
  history* seen_;
};

/// Overwrites a number in a file.
template <class T>
void patch(bytes& file, std::size_t at, T value, std::endian order = std::endian::little) {
  mrcz::detail::store(file.data() + at, value, order);
}

inline bytes first(const bytes& file, std::size_t count) {
  return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// Runs `action` in a process of its own, which ends without unwinding. Returns what `waitpid` says: the exit status is
/// what `action` returned, or 99 if it threw.
template <class Action>
int in_child(Action&& action) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 99;
    try {
      status = action();
    } catch (...) {
      status = 99;
    }
    ::_exit(status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

inline bool exited_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

/// Passes reads on to another source and counts them.
class counting_source final : public mrcz::byte_source {
 public:
  counting_source(std::vector<std::byte>&& content, std::atomic<std::uint64_t>& count)
      : content_{std::move(content)}, count_{count} {}
  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    content_.read_at(offset, into);
    count_ += into.size();
  }
  std::string name() const override { return "counted"; }

 private:
  mrcz::memory_source content_;
  std::atomic<std::uint64_t>& count_;
};

}  // namespace test
