# Fails if Doxygen warns, for instance of a public name without a docstring. Run as:
# cmake -D ROOT=... -D WORK=... -D DOXYGEN=... -P reference.cmake
cmake_minimum_required(VERSION 3.24)
if(NOT DOXYGEN)
  message("skipped: doxygen is not installed")
  return()
endif()
file(READ "${ROOT}/docs/reference/Doxyfile" settings)
file(MAKE_DIRECTORY "${WORK}")
file(WRITE "${WORK}/Doxyfile" "${settings}\nOUTPUT_DIRECTORY = \"${WORK}\"\nWARN_LOGFILE = \"${WORK}/warnings\"\n")
set(ENV{MRCZ_VERSION} tested)
execute_process(COMMAND "${DOXYGEN}" "${WORK}/Doxyfile" WORKING_DIRECTORY "${ROOT}" RESULT_VARIABLE result OUTPUT_QUIET
  ERROR_QUIET)
file(READ "${WORK}/warnings" warnings)
if(warnings OR NOT result EQUAL 0)
  message(FATAL_ERROR "${warnings}")
endif()
