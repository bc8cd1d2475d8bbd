/// What tests of the bloscpack wing need: data, packed files in memory, and sources and sinks that count, fail or have
/// no positions.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "mrcz/bloscpack.hpp"
#include "mrcz/io/memory.hpp"
#include "tests/support.hpp"

namespace test {

namespace bp = mrcz::bloscpack;
using bytes = std::vector<std::byte>;

/// Compressible bytes without two equal stretches.
inline bytes numbers(std::size_t size, std::uint32_t seed = 0) {
  bytes content(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto word = (static_cast<std::uint32_t>(i / 4) + seed) * 3U;
    content[i] = static_cast<std::byte>(word >> (8 * (i % 4)));
  }
  return content;
}

/// Text that no compressor makes much shorter.
inline std::string noise_text(std::size_t size) {
  std::minstd_rand random{1};
  std::string text;
  while (text.size() < size) text += static_cast<char>('!' + random() % 94);
  return text;
}

inline bytes to_bytes(std::string_view text) {
  const auto content = std::as_bytes(std::span{text});
  return {content.begin(), content.end()};
}

/// Bytes from hexadecimal digits; blanks are skipped.
inline bytes from_hex(std::string_view digits) {
  bytes content;
  std::string pair;
  for (const char c : digits) {
    if (c == ' ') continue;
    pair += c;
    if (pair.size() == 2) content.push_back(static_cast<std::byte>(std::stoul(std::exchange(pair, {}), nullptr, 16)));
  }
  return content;
}

inline bytes joined(bytes a, std::span<const std::byte> b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline bytes first(std::span<const std::byte> from, std::size_t count) {
  return {from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count)};
}

inline bytes packed_file(std::span<const std::byte> content, const bp::options& wanted = {},
                         const bp::metadata& values = nullptr) {
  bytes file;
  mrcz::memory_sink to{file};
  bp::pack(mrcz::memory_source{content}, to, wanted, values);
  return file;
}

inline bp::reader reader_of(bytes file, const bp::options& wanted = {}) {
  return bp::reader{std::make_shared<mrcz::memory_source>(std::move(file)), wanted};
}

inline bytes content_of(const mrcz::byte_source& in) {
  bytes content(static_cast<std::size_t>(in.size()));
  in.read_at(0, content);
  return content;
}

/// What comes out of a file, read at random places.
inline bytes unpacked(const bytes& file) { return content_of(reader_of(file)); }

/// Collects what is written in order.
class collecting_sink final : public mrcz::sequential_sink {
 public:
  bytes content;
  void write(std::span<const std::byte> from) override { content.insert(content.end(), from.begin(), from.end()); }
  std::string name() const override { return "collected"; }
};

/// A sink in memory that fails at its n-th write.
class failing_sink final : public mrcz::byte_sink {
 public:
  explicit failing_sink(int writes) : left_{writes} {}
  void write_at(std::uint64_t, std::span<const std::byte>) override {
    if (left_-- == 0) mrcz::detail::fail_system(ENOSPC, "sink");
  }
  void publish() override { published = true; }
  std::string name() const override { return "sink"; }

  bool published = false;

 private:
  std::atomic<int> left_;
};

/// A stream of bytes in memory.
class memory_stream final : public mrcz::sequential_source {
 public:
  explicit memory_stream(bytes content) : content_{std::move(content)} {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), content_.size() - at_);
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  std::string name() const override { return "stream"; }
  std::size_t rest() const { return content_.size() - at_; }

 private:
  bytes content_;
  std::size_t at_ = 0;
};

/// What comes out of a file that is read once from its beginning to its end.
inline bytes unpacked_in_order(bytes file, const bp::options& wanted = {}) {
  memory_stream in{std::move(file)};
  collecting_sink out;
  bp::unpack_stream(in, out, wanted);
  return std::move(out.content);
}

/// The message of the error that `action` throws, without the path; "" if it throws none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const mrcz::error& e) {
    return std::string{e.message()};
  }
  return "";
}

template <class Action>
std::error_code code_of(Action&& action) {
  const auto thrown = failure_of(action);
  return thrown ? thrown->code : std::error_code{};
}

}  // namespace test
