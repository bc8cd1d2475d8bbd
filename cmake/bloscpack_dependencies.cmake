# What mrcz::bloscpack links to besides mrcz::mrcz. Used by the build and by the installed package alike, as
# dependencies.cmake is.
mrcz_find_dependency(ZLIB::ZLIB zlib1g-dev ZLIB)
mrcz_find_dependency(OpenSSL::Crypto libssl-dev OpenSSL 1.1.1 COMPONENTS Crypto)
