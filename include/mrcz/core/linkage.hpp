/// Whether the definitions of the library come with its headers or are compiled once.
///
/// By default each header includes its definitions (`impl/*.ipp`), which are inline. Where MRCZ_SEPARATE_COMPILATION is
/// defined, headers only declare; one source file of the program, or a library, is `impl/compiled.cpp`.
#pragma once

/// Stands in front of the functions that `impl/compiled.cpp` can define.
#ifdef MRCZ_SEPARATE_COMPILATION
#define MRCZ_INLINE
#else
#define MRCZ_INLINE inline
#endif
