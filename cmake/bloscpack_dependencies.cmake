# What mrcz::bloscpack links to besides mrcz::mrcz. Used by the build and by the installed package alike.
include(CMakeFindDependencyMacro)
find_dependency(ZLIB)
find_dependency(OpenSSL 1.1.1 COMPONENTS Crypto)
