/// Changes the environment of this process for a while.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace test {

#if defined(_WIN32)
inline constexpr const char* temporary_folder = "TMP";  ///< the variable that names it
#else
inline constexpr const char* temporary_folder = "TMPDIR";
#endif

/// While an instance lives, the variable has this value.
class environment_variable {
 public:
  environment_variable(const char* name, const std::string& value) : name_{name} {
    if (const char* const before = std::getenv(name)) before_ = before;
    set(value.c_str());
  }
  environment_variable(const environment_variable&) = delete;
  environment_variable& operator=(const environment_variable&) = delete;
  ~environment_variable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
#if defined(_WIN32)
    ::_putenv_s(name_, value != nullptr ? value : "");
#else
    if (value != nullptr) ::setenv(name_, value, 1);
    else ::unsetenv(name_);
#endif
  }

  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace test
