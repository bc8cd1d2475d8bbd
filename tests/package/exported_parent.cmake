# A library of a stranger's has the sources of mrcz among its own and installs both; another project uses it. COMPILED says
# which form of mrcz the library links to.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

configure(exported_parent build -DCOMPILED=${COMPILED})
run(${CMAKE_COMMAND} --build build)
run(${CMAKE_COMMAND} --install build --prefix "${WORK}/prefix")
configure(uses_exported_parent build_user "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
run(${CMAKE_COMMAND} --build build_user)
run("${WORK}/build_user/stranger")

# Without being asked a subproject installs nothing.
configure(add_subdirectory build_quiet)
run(${CMAKE_COMMAND} --install build_quiet --prefix "${WORK}/empty" --component Unspecified)
if(EXISTS "${WORK}/empty")
  message(FATAL_ERROR "a subproject installed itself")
endif()
