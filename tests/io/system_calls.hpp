/// System calls that a test watches or makes fail. Only on Linux, where a function of the program replaces the function
/// of the C library that has the same name.
#pragma once

#if defined(__linux__)

#include <cstddef>
#include <functional>

namespace test {

/// The calls that a test can watch or change. The functions return 0, or the errno to fail with.
struct system_calls {
  std::function<int(int descriptor)> data_synced;
  std::function<int()> directory_synced;
  std::function<int()> before_rename;
  std::function<int(int descriptor)> before_owner;  ///< before a file gets another owner
  std::function<long(std::size_t count)> written;   ///< returned by a positional write, which writes nothing
  int link_fails_with = 0;                          ///< errno of linking a file that has a name
  int naming_fails_with = 0;                        ///< errno of linking a file that has no name
  int nameless_fails_with = 0;                      ///< errno of creating a file without a name
  int locking_fails_with = 0;                       ///< errno of locking a file
  int inspecting_fails_with = 0;                    ///< errno of reading size and kind of an open file
};

/// The calls of this program go through here while an instance lives.
class observe_system_calls : public system_calls {
 public:
  observe_system_calls();
  observe_system_calls(const observe_system_calls&) = delete;
  observe_system_calls& operator=(const observe_system_calls&) = delete;
  ~observe_system_calls();
};

}  // namespace test

#endif
