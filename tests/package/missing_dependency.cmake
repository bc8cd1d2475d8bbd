# If one of the libraries that mrcz needs is missing, neither a project with the sources of mrcz nor one that finds it
# installed is configured, and CMake says how package managers call what is missing.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

run(${CMAKE_COMMAND} --install "${BINARY}" --prefix "${WORK}/prefix")
set(options -G Ninja "-DMRCZ_SOURCE=${SOURCE}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
  "-DBLOSCPACK=${BLOSCPACK}")

# missing(PACKAGE DEBIAN CONAN VCPKG)
function(missing package debian conan vcpkg)
  foreach(project add_subdirectory find_package)
    refused("mrcz needs ${package}, which was not found \\(Debian: ${debian}, Conan: ${conan}, vcpkg: ${vcpkg}\\)"
      ${CMAKE_COMMAND} -S "${SOURCE}/tests/package/${project}" -B "${project}_${package}" ${options}
      "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
  endforeach()
endfunction()
missing(Threads libc6-dev none none)
missing(Blosc libblosc-dev c-blosc blosc)
missing(Zstd libzstd-dev zstd zstd)
missing(Lz4 liblz4-dev lz4 lz4)
missing(ZLIB zlib1g-dev zlib zlib)
missing(Asio libasio-dev asio asio)
missing(fmt libfmt-dev fmt fmt)
missing(nlohmann_json nlohmann-json3-dev nlohmann_json nlohmann-json)
missing(xtl xtl-dev xtl xtl)
missing(xtensor libxtensor-dev xtensor xtensor)
if(BLOSCPACK)
  missing(OpenSSL libssl-dev openssl openssl)
endif()

# One message names all that is missing, also what an option or a part of the build asks for.
refused("BZip2, which was not found \\(Debian: libbz2-dev, .*LibLZMA, which was not found \\(Debian: liblzma-dev, .*CLI11, which was not found \\(Debian: libcli11-dev, .*doctest, which was not found \\(Debian: doctest-dev, .*CMAKE_PREFIX_PATH"
  ${CMAKE_COMMAND} -S "${SOURCE}" -B parts -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}" -DMRCZ_BZIP2=ON -DMRCZ_XZ=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_BZip2=ON -DCMAKE_DISABLE_FIND_PACKAGE_LibLZMA=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON -DCMAKE_DISABLE_FIND_PACKAGE_doctest=ON)

# A project that only asks whether mrcz is there gets no target that it cannot use.
configure(find_package_quietly quietly "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_DISABLE_FIND_PACKAGE_xtensor=ON")
