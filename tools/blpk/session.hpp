/// The global options, and everything that is printed: each line begins with the name of the program.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "mrcz/core/error.hpp"
#include "printable.hpp"

/// A failure with a message of this program. Each line of the message becomes one line on standard error.
class refusal : public std::runtime_error {
  using runtime_error::runtime_error;
};

/// Makes text from files and users fit for one line. Other arguments stay as they are.
template <class Arg>
decltype(auto) shown(const Arg& arg) {
  if constexpr (std::is_convertible_v<const Arg&, std::string_view>) return text::printable(arg);
  else return arg;
}

template <class... Args>
std::string formatted(fmt::string_view format, const Args&... args) {
  return fmt::vformat(format, fmt::make_format_args(args...));
}

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<const Args&...> format, const Args&... args) {
  throw refusal{formatted(mrcz::detail::unchecked(format), shown(args)...)};
}

/// Takes the path `name` out of an error of the library that `action` throws. Errors of the system keep their path.
template <class Action>
decltype(auto) without_path(std::string_view name, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const mrcz::error& e) {
    if (e.code().category() != mrcz::error_category()) throw;
    if (e.path() != name) throw;
    auto fields = e.fields();
    fields.path.clear();
    throw mrcz::error{e.code(), std::move(fields)};
  }
}

/// A failure of standard error is ignored, because it cannot be reported.
inline void print(std::FILE* to, const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), to) < text.size() && to != stderr)
    mrcz::detail::fail_system(errno, "cannot write", "standard output");
}

/// Prints facts about finished work. It is no failure if they cannot be found out.
template <class Action>
void afterwards(Action&& tell) {
  try {
    std::forward<Action>(tell)();
  } catch (const mrcz::error&) {
    if (std::ferror(stdout) != 0) throw;  // standard output has failed
  }
}

/// Prints each line of `lines_of` after the prefix. Escapes characters that would control a terminal.
inline void print_lines(std::FILE* to, std::string_view prefix, std::string_view lines_of) {
  std::string lines;
  for (std::size_t begin = 0, end = 0; end != lines_of.npos; begin = end + 1) {
    end = lines_of.find('\n', begin);
    lines += fmt::format("{}{}\n", prefix, text::printable(lines_of.substr(begin, end - begin)));
  }
  print(to, lines);
}

class session {
 public:
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
  bool force = false;
  std::size_t threads = 1;
  std::optional<std::size_t> memory;

  /// Messages then go to standard error.
  void keep_standard_output_for_data() noexcept { messages_ = stderr; }

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    print_lines(messages_, "blpk: ", fmt::format(format, std::forward<Args>(args)...));
  }
  /// Prints what the user must know about what was done, on standard error.
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    print_lines(stderr, "blpk: warning: ", fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void say_verbose(fmt::format_string<Args...> format, Args&&... args) const {
    if (verbose || debug) say(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void say_debug(fmt::format_string<Args...> format, Args&&... args) const {
    if (debug) say(format, std::forward<Args>(args)...);
  }

  /// Prints the first lines of each subcommand.
  void begin(std::map<std::string, std::string> arguments, std::string_view what) const;

 private:
  std::FILE* messages_ = stdout;
};
