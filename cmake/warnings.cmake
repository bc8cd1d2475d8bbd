# What our own programs, tests and examples are compiled with. Warnings are errors here and nowhere else.
add_library(mrcz_warnings INTERFACE)
target_compile_options(mrcz_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

# Messages of errors are checked against their arguments where that costs nobody anything.
target_compile_definitions(mrcz_warnings INTERFACE $<$<CONFIG:Debug>:MRCZ_CHECK_FORMATS>)

# g++ warns of each fence in Asio that ThreadSanitizer does not know it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  target_compile_options(mrcz_warnings INTERFACE -Wno-tsan)
endif()
