# The sources are those of the repository in which this port lies.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS feature_options FEATURES
  bloscpack MRCZ_BLOSCPACK
  bzip2 MRCZ_BZIP2
  compiled MRCZ_COMPILED
  tools MRCZ_BUILD_TOOLS
  xz MRCZ_XZ
)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${feature_options} -DMRCZ_BUILD_TESTS=OFF -DMRCZ_BUILD_EXAMPLES=OFF -DMRCZ_BUILD_BENCHMARKS=OFF
)
vcpkg_cmake_install()
if("compiled" IN_LIST FEATURES)
  vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/mrcz)
else()
  vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/mrcz)
endif()
vcpkg_fixup_pkgconfig()
if("tools" IN_LIST FEATURES)
  set(programs mrcz)
  if("bloscpack" IN_LIST FEATURES)
    list(APPEND programs blpk)
  endif()
  vcpkg_copy_tools(TOOL_NAMES ${programs} AUTO_CLEAN)
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share"
  "${CURRENT_PACKAGES_DIR}/share/doc")
if(NOT "compiled" IN_LIST FEATURES)
  file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug" "${CURRENT_PACKAGES_DIR}/lib")
endif()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
