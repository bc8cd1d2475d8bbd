/// Whether the definitions of the library come with its headers or are compiled once.
///
/// By default each header includes its definitions (`impl/*.ipp`), which are inline. Where MRCZ_SEPARATE_COMPILATION is
/// defined, headers contain declarations only. The program then compiles `impl/compiled.cpp` as one of its source
/// files, or links a library that contains it.
#pragma once

/// Marks the functions that `impl/compiled.cpp` can define.
#ifdef MRCZ_SEPARATE_COMPILATION
#define MRCZ_INLINE
#else
#define MRCZ_INLINE inline
#endif

/// The internal names of coroutines and of the bloscpack wing stand on those of the library.
namespace mrcz::detail {}
namespace mrcz::async::detail {
using namespace mrcz::detail;
}
namespace mrcz::bloscpack::detail {
using namespace mrcz::detail;
}
