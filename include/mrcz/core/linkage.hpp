/// Whether definitions come with the headers or from a library that is compiled once.
#pragma once

/// In front of functions that `include/mrcz/impl` defines. Where `MRCZ_SEPARATE_COMPILATION` is defined, their
/// definitions are in the library `mrcz::compiled`; otherwise each header includes its own.
#ifdef MRCZ_SEPARATE_COMPILATION
#define MRCZ_INLINE
#else
#define MRCZ_INLINE inline
#endif
