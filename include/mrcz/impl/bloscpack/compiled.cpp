/// All definitions of the bloscpack wing, compiled once (see core/linkage.hpp). The definitions that it depends on are
/// in impl/compiled.cpp.
#ifndef MRCZ_SEPARATE_COMPILATION
#define MRCZ_SEPARATE_COMPILATION
#endif

#include "mrcz/impl/bloscpack/append.ipp"
#include "mrcz/impl/bloscpack/array.ipp"
#include "mrcz/impl/bloscpack/beginning.ipp"
#include "mrcz/impl/bloscpack/checksum.ipp"
#include "mrcz/impl/bloscpack/chunk.ipp"
#include "mrcz/impl/bloscpack/chunk_cache.ipp"
#include "mrcz/impl/bloscpack/chunk_table.ipp"
#include "mrcz/impl/bloscpack/chunk_walker.ipp"
#include "mrcz/impl/bloscpack/dtype.ipp"
#include "mrcz/impl/bloscpack/header.ipp"
#include "mrcz/impl/bloscpack/metadata.ipp"
#include "mrcz/impl/bloscpack/offsets.ipp"
#include "mrcz/impl/bloscpack/options.ipp"
#include "mrcz/impl/bloscpack/pack.ipp"
#include "mrcz/impl/bloscpack/reader.ipp"
#include "mrcz/impl/bloscpack/salvage.ipp"
#include "mrcz/impl/bloscpack/unpack.ipp"
#include "mrcz/impl/bloscpack/writer.ipp"
