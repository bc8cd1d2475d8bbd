# The libraries that mrcz::mrcz links to. Both the build and the installed package include this file, so they cannot
# differ. Each of them sets mrcz_only_blosc, mrcz_bzip2 and mrcz_xz to the options MRCZ_ONLY_BLOSC, MRCZ_BZIP2 and
# MRCZ_XZ of the build, and decides what to do if mrcz_missing is not empty.
#
# mrcz_find_dependency(TARGET DEBIAN CONAN VCPKG PACKAGE...) finds PACKAGE unless TARGET exists. If it cannot, it adds a
# sentence to mrcz_missing, which says how Debian, Conan and vcpkg call PACKAGE. mrcz_debian_packages lists all the names
# in Debian.
set(mrcz_missing "")
set(mrcz_debian_packages "")
macro(mrcz_find_dependency target debian conan vcpkg package)
  if(NOT TARGET ${target})
    find_package(${package} ${ARGN} QUIET)
    if(NOT TARGET ${target})
      string(APPEND mrcz_missing
        "mrcz needs ${package}, which was not found (Debian: ${debian}, Conan: ${conan}, vcpkg: ${vcpkg}).\n")
    endif()
  endif()
  list(APPEND mrcz_debian_packages ${debian})
endmacro()

# The CMake package of c-blosc is `c-blosc` in Conan and `blosc` in vcpkg; Debian has none. FindBlosc.cmake provides one
# target for all of them. FindZstd.cmake and FindLz4.cmake do the same. Conan prefers packages to such modules, and has a
# package of the same name with other targets, so MODULE asks for the module.
mrcz_find_dependency(Threads::Threads libc6-dev none none Threads)
mrcz_find_dependency(Blosc::blosc libblosc-dev c-blosc blosc Blosc 1.21)
if(NOT mrcz_only_blosc)
  mrcz_find_dependency(Zstd::zstd libzstd-dev zstd zstd Zstd MODULE)
  mrcz_find_dependency(Lz4::lz4 liblz4-dev lz4 lz4 Lz4 MODULE)
endif()
mrcz_find_dependency(ZLIB::ZLIB zlib1g-dev zlib zlib ZLIB)
if(mrcz_bzip2)
  mrcz_find_dependency(BZip2::BZip2 libbz2-dev bzip2 bzip2 BZip2)
endif()
if(mrcz_xz)
  mrcz_find_dependency(LibLZMA::LibLZMA liblzma-dev xz_utils liblzma LibLZMA)
endif()
mrcz_find_dependency(asio::asio libasio-dev asio asio Asio)
mrcz_find_dependency(fmt::fmt libfmt-dev fmt fmt fmt)
mrcz_find_dependency(nlohmann_json::nlohmann_json nlohmann-json3-dev nlohmann_json nlohmann-json nlohmann_json)
mrcz_find_dependency(xtl xtl-dev xtl xtl xtl)
mrcz_find_dependency(xtensor libxtensor-dev xtensor xtensor xtensor)
if(NOT mrcz_missing)
  include("${CMAKE_CURRENT_LIST_DIR}/compatibility.cmake")
endif()
