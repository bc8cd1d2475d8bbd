# What our own programs, tests and examples are compiled with. Warnings are errors here and nowhere else.
add_library(mrcz_warnings INTERFACE)
target_compile_options(mrcz_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

# clang 19 finds specialisations of xtensor before 0.26 ambiguous (xtensor issue 2804).
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19
    AND xtensor_VERSION VERSION_LESS 0.26)
  target_compile_options(mrcz_warnings INTERFACE -fno-relaxed-template-template-args
    -Wno-deprecated-no-relaxed-template-template-args)
endif()

# Asio before 1.26 does not notice that clang has coroutines.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_definitions(mrcz_warnings INTERFACE ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
endif()

# Messages of errors are checked against their arguments where that costs nobody anything.
target_compile_definitions(mrcz_warnings INTERFACE $<$<CONFIG:Debug>:MRCZ_CHECK_FORMATS>)

# g++ warns of each fence in Asio that ThreadSanitizer does not know it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  target_compile_options(mrcz_warnings INTERFACE -Wno-tsan)
endif()
