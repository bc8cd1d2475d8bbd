# The library that mrcz::bloscpack links to besides mrcz::mrcz. Both the build and the installed package include this
# file, as they include dependencies.cmake.
mrcz_find_dependency(OpenSSL::Crypto libssl-dev openssl openssl OpenSSL 1.1.1 COMPONENTS Crypto)
