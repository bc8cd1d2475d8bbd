/// Calls of the system that a test watches, or has fail. Only on Linux, where a program's own function of that name
/// comes before the one of the C library.
#pragma once

#if defined(__linux__)

#include <cstddef>
#include <functional>

namespace test {

/// What a test wants to know or decide. The functions return 0, or the errno to fail with.
struct system_calls {
  std::function<int(int descriptor)> data_synced;
  std::function<int()> directory_synced;
  std::function<int()> before_rename;
  std::function<int(int descriptor)> before_owner;  ///< gets another
  std::function<long(std::size_t count)> written;   ///< what a positional write answers instead of writing
  int link_fails_with = 0;                          ///< a second name for a file that has one
  int naming_fails_with = 0;                        ///< a name for a file that has none
  int nameless_fails_with = 0;                      ///< a file without a name
  int inspecting_fails_with = 0;                    ///< size and kind of an open file
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
