/// How the library is compiled: whether its definitions come with its headers, and which libraries it uses.
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

/// The namespace of what differs where MRCZ_ONLY_BLOSC is defined: c-blosc then decompresses each chunk, and the
/// library needs neither lz4 nor zstd. If parts of a program are compiled differently, the program has this namespace
/// twice, and which one a call ends in is open. So each works alone: whatever holds or is given a type of this
/// namespace is in it too, or has it in its name.
#ifdef MRCZ_ONLY_BLOSC
#define MRCZ_CODECS only_blosc
#else
#define MRCZ_CODECS with_lz4_and_zstd
#endif

/// The internal names of the bloscpack wing stand on those of the library. Those of coroutines do so too: see
/// `async/asio.hpp`.
namespace mrcz::detail {}
namespace mrcz::bloscpack::detail {
using namespace mrcz::detail;
}
