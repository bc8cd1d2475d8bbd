# Finds zstd and provides the target Zstd::zstd.
include("${CMAKE_CURRENT_LIST_DIR}/find_library.cmake")
mrcz_find_library(Zstd zstd zstd.h zstd::libzstd zstd::libzstd_shared zstd::libzstd_static)
