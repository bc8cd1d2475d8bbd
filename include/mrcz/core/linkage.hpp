/// Whether definitions come with the headers or from a library that is compiled once.
#pragma once

/// Stands before each free function that is declared in a header and defined in a file of `impl`. By default the
/// headers include these files, so their functions must be inline. With MRCZ_SEPARATE_COMPILATION the files are
/// compiled once, by `impl/compiled.cpp`.
#ifdef MRCZ_SEPARATE_COMPILATION
#define MRCZ_INLINE
#else
#define MRCZ_INLINE inline
#endif
