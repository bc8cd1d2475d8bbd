// A shared library that hides everything but one function, which recognises an error that another library throws.
#include <string_view>

#include "mrcz/core/error.hpp"

extern "C" [[gnu::visibility("default")]] int catch_error(void (*thrower)()) {
  try {
    thrower();
  } catch (const mrcz::error& e) {
    if (std::string_view{e.what()} != "from the library") return 2;
    return e.code() == mrcz::errc::bad_chunk && e.code().category() == mrcz::error_category() ? 0 : 3;
  } catch (...) {
    return 4;
  }
  return 5;
}
