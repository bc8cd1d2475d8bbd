# Makes the target mrcz::compatibility: definitions and flags that some compilers need for some versions of Asio and
# xtensor. mrcz::mrcz links to it. It depends on the versions and on the compiler of the project that uses mrcz, so each
# project makes its own.
if(TARGET mrcz::compatibility)
  return()
endif()
add_library(mrcz::compatibility INTERFACE IMPORTED)

# mrcz_find_header(TARGET RESULT HEADER...): the path of the first of these headers in the include folders of TARGET, or
# nothing.
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

# Asio before 1.26 does not notice that clang has coroutines. The definitions do no harm to other versions, so an
# unknown version gets them too.
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

# For clang 19, some specialisations in xtensor before 0.26 are ambiguous (xtensor issue 2804). These versions have all
# headers in one folder, by which they are recognised.
mrcz_find_header(xtensor mrcz_header xtensor/xtensor.hpp)
if(mrcz_header)
  set(mrcz_clang "$<AND:$<COMPILE_LANG_AND_ID:CXX,Clang>,$<VERSION_GREATER_EQUAL:$<CXX_COMPILER_VERSION>,19>>")
  set_property(TARGET mrcz::compatibility PROPERTY INTERFACE_COMPILE_OPTIONS
    "$<${mrcz_clang}:-fno-relaxed-template-template-args>"
    "$<${mrcz_clang}:-Wno-deprecated-no-relaxed-template-template-args>")
endif()

# Asio needs the sockets of Windows. Its headers tell only Microsoft's linker so.
if(MINGW)
  set_property(TARGET mrcz::compatibility PROPERTY INTERFACE_LINK_LIBRARIES ws2_32 mswsock)
endif()
