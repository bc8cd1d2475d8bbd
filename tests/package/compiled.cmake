# Strangers' projects that link to the compiled form in a real prefix, with each compiler that is installed. SHARED says
# whether it is a shared library. The programs are installed with the shared one.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

run(${CMAKE_COMMAND} -S "${SOURCE}" -B library -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}" -DCMAKE_BUILD_TYPE=Debug
  -DMRCZ_BUILD_TESTS=OFF -DMRCZ_BUILD_TOOLS=OFF -DMRCZ_BUILD_EXAMPLES=OFF -DMRCZ_BUILD_BENCHMARKS=OFF
  -DMRCZ_COMPILED=ON -DMRCZ_BLOSCPACK=${BLOSCPACK} -DBUILD_SHARED_LIBS=${SHARED}
  -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON)  # as a parent project may have it
run(${CMAKE_COMMAND} --build library)
run(${CMAKE_COMMAND} --install library --prefix "${WORK}/prefix")
file(GLOB_RECURSE libraries RELATIVE "${WORK}/prefix" "${WORK}/prefix/*/libmrcz.*")
if(SHARED AND NOT libraries MATCHES "libmrcz\\.so\\.2;" OR NOT SHARED AND NOT libraries MATCHES "libmrcz\\.a$")
  message(FATAL_ERROR "the prefix holds ${libraries}")
endif()

set(programs stranger_compiled)
if(BLOSCPACK)
  list(APPEND programs stranger_bloscpack_compiled)
endif()
foreach(compiler "${COMPILER}" clang++-14 clang++-19)
  find_program(found "${compiler}" NO_CACHE)
  if(found)
    cmake_path(GET found FILENAME name)
    set(COMPILER "${found}")
    configure(find_package build_${name} -DCOMPILED=ON "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
    run(${CMAKE_COMMAND} --build build_${name} --target ${programs})
    foreach(program IN LISTS programs)
      run("${WORK}/build_${name}/${program}")
    endforeach()
  endif()
  unset(found)
endforeach()

# Programs that are installed without the package of the compiled form bring the shared library to which they link.
if(SHARED)
  run(${CMAKE_COMMAND} library -DMRCZ_BUILD_TOOLS=ON -DMRCZ_COMPILED=OFF)
  run(${CMAKE_COMMAND} --build library)
  run(${CMAKE_COMMAND} --install library --prefix "${WORK}/prefix_of_programs")
  run("${WORK}/prefix_of_programs/bin/mrcz" --version)
  foreach(document share/man/man1/mrcz.1 share/bash-completion/completions/mrcz share/zsh/site-functions/_mrcz
      share/fish/vendor_completions.d/mrcz.fish)
    if(NOT EXISTS "${WORK}/prefix_of_programs/${document}")
      message(FATAL_ERROR "${document} was not installed")
    endif()
  endforeach()
  if(BLOSCPACK)
    run("${WORK}/prefix_of_programs/bin/blpk" --version)
  endif()
endif()
