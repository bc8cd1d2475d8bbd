# A stranger's project that has the sources of mrcz among its own, and takes warnings for errors that nobody else asks for.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")
configure(parent_with_warnings build)
run(${CMAKE_COMMAND} --build build)
run("${WORK}/build/stranger")
run("${WORK}/build/stranger_compiled")
