# The target mrcz::compatibility: what some versions of Asio and xtensor need from some compilers. mrcz::mrcz links to it.
# It depends on the versions that are found and on the compiler of whoever uses mrcz, so each project makes its own.
if(TARGET mrcz::compatibility)
  return()
endif()
add_library(mrcz::compatibility INTERFACE IMPORTED)

# The first of the files that the includes of a target lead to.
function(mrcz_find_header target result)
  get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
  foreach(folder IN LISTS folders)
    string(REGEX REPLACE "^\\$<[^/]*:(/.*[^>])>+$" "\\1" folder "${folder}")
    foreach(header IN LISTS ARGN)
      if(EXISTS "${folder}/${header}")
        set(${result} "${folder}/${header}" PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
  set(${result} "" PARENT_SCOPE)
endfunction()

# Asio before 1.26 does not notice that clang has coroutines. The others do not mind being told, so an unknown one is.
mrcz_find_header(asio::asio mrcz_header asio/version.hpp)
set(mrcz_asio_version 0)
if(mrcz_header)
  file(STRINGS "${mrcz_header}" mrcz_asio_version REGEX "define ASIO_VERSION [0-9]+")
  string(REGEX REPLACE ".*define ASIO_VERSION ([0-9]+).*" "\\1" mrcz_asio_version "${mrcz_asio_version}")
endif()
if(mrcz_asio_version LESS 102600)
  set(mrcz_clang "$<COMPILE_LANG_AND_ID:CXX,Clang,AppleClang>")
  set_property(TARGET mrcz::compatibility PROPERTY INTERFACE_COMPILE_DEFINITIONS
    "$<${mrcz_clang}:ASIO_HAS_CO_AWAIT=1>" "$<${mrcz_clang}:ASIO_HAS_STD_COROUTINE=1>")
endif()

# clang 19 finds specialisations of xtensor before 0.26 ambiguous (xtensor issue 2804). All headers of those are in one
# folder.
mrcz_find_header(xtensor mrcz_header xtensor/xtensor.hpp)
if(mrcz_header)
  set(mrcz_clang "$<AND:$<COMPILE_LANG_AND_ID:CXX,Clang>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,19>>")
  set_property(TARGET mrcz::compatibility PROPERTY INTERFACE_COMPILE_OPTIONS
    "$<${mrcz_clang}:-fno-relaxed-template-template-args>"
    "$<${mrcz_clang}:-Wno-deprecated-no-relaxed-template-template-args>")
endif()
