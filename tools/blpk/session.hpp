/// The global options, and everything that is printed: each line begins with the name of the program.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "mrcz/core/error.hpp"

/// A failure in our own words.
template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw std::runtime_error{fmt::format(format, std::forward<Args>(args)...)};
}

/// What is wrong inside a bloscpack file is said without the name of the file.
template <class Action>
decltype(auto) unnaming(std::string_view name, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const mrcz::error& e) {
    if (e.code().category() != mrcz::error_category()) throw;
    throw mrcz::error{e.code(), std::string{mrcz::unnamed(e, name)}};
  }
}

/// Text that standard error does not take is lost: there is nobody left to tell.
inline void print(std::FILE* to, const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), to) < text.size() && to != stderr)
    mrcz::fail_system(errno, "standard output: cannot write");
}

/// What is told about finished work; that it cannot be found out is no failure.
template <class Action>
void afterwards(Action&& tell) {
  try {
    std::forward<Action>(tell)();
  } catch (const mrcz::error&) {
    if (std::ferror(stdout) != 0) throw;  // told nobody
  }
}

inline void print_lines(std::FILE* to, std::string_view prefix, std::string_view text) {
  std::string lines;
  for (std::size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find('\n', begin);
    lines += fmt::format("{}{}\n", prefix, text.substr(begin, end - begin));
  }
  print(to, lines);
}

class session {
 public:
  bool verbose = false;
  bool debug = false;
  bool force = false;
  std::size_t threads = 1;

  /// Standard output, unless data go there.
  void keep_standard_output_for_data() noexcept { messages_ = stderr; }

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    print_lines(messages_, "blpk: ", fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void say_verbose(fmt::format_string<Args...> format, Args&&... args) const {
    if (verbose || debug) say(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void say_debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (debug) say(format, std::forward<Args>(args)...);
  }

  /// The first lines of each subcommand.
  void begin(std::map<std::string, std::string> arguments, std::string_view what) const;

 private:
  std::FILE* messages_ = stdout;
};
