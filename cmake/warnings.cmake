# Options for our own programs, tests and examples. Warnings are errors only here.
add_library(mrcz_warnings INTERFACE)
target_compile_options(mrcz_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

# Debug builds check the formats of error messages against their arguments. Only our own builds pay for this.
target_compile_definitions(mrcz_warnings INTERFACE $<$<CONFIG:Debug>:MRCZ_CHECK_FORMATS>)

# g++ warns of each fence in Asio, because ThreadSanitizer does not support fences.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  target_compile_options(mrcz_warnings INTERFACE -Wno-tsan)
endif()
