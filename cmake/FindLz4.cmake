# Finds lz4 and provides the target Lz4::lz4.
include("${CMAKE_CURRENT_LIST_DIR}/find_library.cmake")
mrcz_find_library(Lz4 lz4 lz4.h lz4::lz4 LZ4::lz4 LZ4::lz4_shared LZ4::lz4_static)
