// A shared library that hides everything but one function, which throws an error of ours.
#include "mrcz/core/error.hpp"

extern "C" [[gnu::visibility("default")]] void throw_error() {
  mrcz::detail::fail(mrcz::errc::bad_chunk, "from the library");
}
