# The packages for Debian that `cmake --workflow --preset deb` makes: libmrcz-dev has what programs are built with,
# mrcz-tools has our programs.
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "the mrcz authors")
set(CPACK_STRIP_FILES ON)

# mrcz_debian_package(NAME COMPONENT SECTION DESCRIPTION)
macro(mrcz_debian_package name component section description)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${description}")
  install(FILES packaging/debian/copyright DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component}
    EXCLUDE_FROM_ALL)
endmacro()

set(CPACK_COMPONENTS_ALL "")
mrcz_debian_package(libmrcz-dev mrcz_development libdevel
  "The headers, the compiled form as a static library, and the files by which CMake and pkg-config find both.")
list(JOIN debian_packages ", " CPACK_DEBIAN_MRCZ_DEVELOPMENT_PACKAGE_DEPENDS)
if(MRCZ_BUILD_TOOLS)
  mrcz_debian_package(mrcz-tools mrcz_programs science
    "mrcz shows, validates, converts, compresses, edits and compares MRC files; blpk packs and unpacks bloscpack files.")
  set(CPACK_DEBIAN_MRCZ_PROGRAMS_PACKAGE_SHLIBDEPS ON)
endif()
include(CPack)
