# Installs the files with which pkg-config finds what is installed: mrcz, mrcz-compiled, mrcz-bloscpack and
# mrcz-bloscpack-compiled. They hold no absolute path, so the prefix may be moved. Asio and libbz2 have no such files in
# Debian; the compiler finds them in its own folders.

# mrcz_install_pkg_config(NAME TARGET DIRECTORY REQUIRES [LIBRARY]): installs NAME.pc in DIRECTORY. It contains the
# definitions of TARGET, the packages that TARGET REQUIRES, and the LIBRARY to link to.
function(mrcz_install_pkg_config name target directory requires)
  cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" OUTPUT_VARIABLE installed)
  file(RELATIVE_PATH to_prefix "${installed}" "${CMAKE_INSTALL_PREFIX}")
  string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
  set(includedir "\${prefix}")
  cmake_path(APPEND includedir "${CMAKE_INSTALL_INCLUDEDIR}")
  set(libdir "\${prefix}")
  cmake_path(APPEND libdir "${CMAKE_INSTALL_LIBDIR}")
  set(cflags "")
  get_target_property(definitions ${target} INTERFACE_COMPILE_DEFINITIONS)
  if(definitions)
    list(TRANSFORM definitions PREPEND " -D" OUTPUT_VARIABLE cflags)
    list(JOIN cflags "" cflags)
  endif()
  set(libs "")
  if(ARGN)
    set(libs " -L\${libdir} -l${ARGN}")
  endif()
  if(target STREQUAL "mrcz")
    string(PREPEND cflags " -I\${includedir} -pthread -DASIO_STANDALONE")
    string(APPEND libs " -pthread")
    if(MRCZ_BZIP2)
      string(APPEND libs " -lbz2")
    endif()
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/mrcz.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${directory}")
endfunction()
