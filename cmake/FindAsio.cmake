# Finds standalone Asio and provides the target asio::asio. Conan's package has this target, Debian's has not.
if(NOT TARGET asio::asio)
  find_package(asio CONFIG QUIET)
endif()

include(FindPackageHandleStandardArgs)
if(TARGET asio::asio)
  set(Asio_FOUND TRUE)
else()
  find_path(Asio_INCLUDE_DIR asio/awaitable.hpp)
  find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR)
  mark_as_advanced(Asio_INCLUDE_DIR)
  if(Asio_FOUND)
    add_library(asio::asio INTERFACE IMPORTED)
    set_target_properties(asio::asio PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Asio_INCLUDE_DIR}"
      INTERFACE_COMPILE_DEFINITIONS ASIO_STANDALONE INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
endif()
