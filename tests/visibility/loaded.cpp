// A program that loads both libraries, as hosts of plug-ins do. Arguments: the two paths, followed by `global` for
// RTLD_GLOBAL.
#include <dlfcn.h>

int main(int count, char** arguments) {
  if (count < 3) return 10;
  const int mode = RTLD_NOW | (count > 3 ? RTLD_GLOBAL : RTLD_LOCAL);
  void* const thrower = ::dlopen(arguments[1], mode);
  void* const catcher = ::dlopen(arguments[2], mode);
  if (thrower == nullptr || catcher == nullptr) return 11;
  auto* const throw_error = reinterpret_cast<void (*)()>(::dlsym(thrower, "throw_error"));
  auto* const catch_error = reinterpret_cast<int (*)(void (*)())>(::dlsym(catcher, "catch_error"));
  if (throw_error == nullptr || catch_error == nullptr) return 12;
  return catch_error(throw_error);
}
