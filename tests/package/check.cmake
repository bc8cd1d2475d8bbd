# Builds and runs a stranger's project. Run as:
#   cmake -D KIND=find_package|add_subdirectory -D SOURCE=<repository> -D BINARY=<its build> -D WORK=<folder> -D BLOSCPACK=ON|OFF -P check.cmake
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
if(KIND STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install "${BINARY}" --prefix "${WORK}/prefix")
endif()
run(${CMAKE_COMMAND} -S "${SOURCE}/tests/package/${KIND}" -B build -G Ninja
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DMRCZ_SOURCE=${SOURCE}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DBLOSCPACK=${BLOSCPACK}")
run(${CMAKE_COMMAND} --build build)
run("${WORK}/build/stranger")
if(BLOSCPACK)
  run("${WORK}/build/stranger_bloscpack")
endif()
