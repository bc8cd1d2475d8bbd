# The libraries that mrcz::mrcz links to. Both the build and the installed package include this file, so they cannot
# differ. Each of them defines mrcz_find_dependency(TARGET DEBIAN_PACKAGE PACKAGE...), which finds PACKAGE unless TARGET
# exists, and sets mrcz_only_blosc, mrcz_bzip2 and mrcz_xz to the options MRCZ_ONLY_BLOSC, MRCZ_BZIP2 and MRCZ_XZ of the
# build.
# The CMake package of c-blosc is `c-blosc` in Conan and `blosc` in vcpkg; Debian has none. FindBlosc.cmake provides one
# target for all of them. FindZstd.cmake and FindLz4.cmake do the same. Conan prefers packages to such modules, and has a
# package of the same name with other targets, so MODULE asks for the module.
mrcz_find_dependency(Threads::Threads libc6-dev Threads)
mrcz_find_dependency(Blosc::blosc libblosc-dev Blosc 1.21)
if(NOT mrcz_only_blosc)
  mrcz_find_dependency(Zstd::zstd libzstd-dev Zstd MODULE)
  mrcz_find_dependency(Lz4::lz4 liblz4-dev Lz4 MODULE)
endif()
mrcz_find_dependency(ZLIB::ZLIB zlib1g-dev ZLIB)
if(mrcz_bzip2)
  mrcz_find_dependency(BZip2::BZip2 libbz2-dev BZip2)
endif()
if(mrcz_xz)
  mrcz_find_dependency(LibLZMA::LibLZMA liblzma-dev LibLZMA)
endif()
mrcz_find_dependency(asio::asio libasio-dev Asio)
mrcz_find_dependency(fmt::fmt libfmt-dev fmt)
mrcz_find_dependency(nlohmann_json::nlohmann_json nlohmann-json3-dev nlohmann_json)
mrcz_find_dependency(xtl xtl-dev xtl)
mrcz_find_dependency(xtensor libxtensor-dev xtensor)
include("${CMAKE_CURRENT_LIST_DIR}/compatibility.cmake")
