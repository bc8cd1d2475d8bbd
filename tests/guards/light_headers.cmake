# Fails if one of HEADERS brings nlohmann/json.hpp or Asio, header-only or in the compiled form. Run as:
#   cmake -D ROOT=... -D COMPILER=... -D INCLUDE_DIRECTORIES=... -D HEADERS=... -P light_headers.cmake
cmake_minimum_required(VERSION 3.24)
list(TRANSFORM INCLUDE_DIRECTORIES PREPEND "-I")
set(broken "")
foreach(header IN LISTS HEADERS)
  foreach(form -UMRCZ_SEPARATE_COMPILATION -DMRCZ_SEPARATE_COMPILATION)
    execute_process(COMMAND ${COMPILER} -std=c++20 -w ${INCLUDE_DIRECTORIES} ${form} -M -x c++ "${ROOT}/include/${header}"
      OUTPUT_VARIABLE files COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "${ROOT}/" "" files "${files}")
    if(files MATCHES "/nlohmann/json\\.hpp|/asio(/[a-z0-9_/]+)?\\.hpp")
      string(APPEND broken "\n  ${header} includes ${CMAKE_MATCH_0} (${form})")
    endif()
  endforeach()
endforeach()
if(NOT broken STREQUAL "")
  message(FATAL_ERROR "Headers that promise to save compile time bring JSON or Asio:${broken}")
endif()
