# What mrcz::mrcz links to. Used by the build and by the installed package alike, so that the two cannot differ.
# c-blosc has no CMake package in Debian, `c-blosc` in Conan and `blosc` in vcpkg: FindBlosc.cmake makes them one target.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Blosc 1.21)
find_dependency(Asio)
find_dependency(fmt)
find_dependency(nlohmann_json)
find_dependency(xtl)
find_dependency(xtensor)
