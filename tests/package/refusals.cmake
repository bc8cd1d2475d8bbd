# A project that asks for a version or a component that the installed mrcz does not have is told so.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

file(READ "${SOURCE}/include/mrcz/version.hpp" header)
string(REGEX MATCH "MRCZ_VERSION_STRING \"([0-9.]+)\"" _ "${header}")
set(version ${CMAKE_MATCH_1})
run(${CMAKE_COMMAND} -S "${SOURCE}" -B headers -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}" -DMRCZ_BUILD_TESTS=OFF
  -DMRCZ_BUILD_TOOLS=OFF -DMRCZ_BUILD_EXAMPLES=OFF -DMRCZ_BUILD_BENCHMARKS=OFF -DMRCZ_COMPILED=OFF -DMRCZ_BLOSCPACK=OFF)
run(${CMAKE_COMMAND} --install headers --prefix "${WORK}/headers_alone")
run(${CMAKE_COMMAND} --install "${BINARY}" --prefix "${WORK}/prefix")

# refused_when_asked(WORDS PREFIX ASKED OPTION...): a project asks the mrcz in PREFIX for ASKED.
function(refused_when_asked words prefix asked)
  string(MAKE_C_IDENTIFIER "${prefix} ${asked}" build)
  refused("${words}" ${CMAKE_COMMAND} -S "${SOURCE}/tests/package/asks_for" -B ${build} -G Ninja
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${WORK}/${prefix}" "-DASKED_FOR=${asked}" ${ARGN})
endfunction()

foreach(asked 3.0 1.0 2.99)
  string(REPLACE "." "\\." asked_for ${asked})
  refused_when_asked("compatible with requested version \"${asked_for}\".*mrcz-config.cmake, version: ${version}" prefix
    "${asked} REQUIRED")
endforeach()
refused_when_asked("mrcz has no component nonsense. Its components are mrcz, compiled, bloscpack, bloscpack_compiled, boost"
  prefix "REQUIRED COMPONENTS nonsense")
refused_when_asked("component compiled. It has it if it is configured with -DMRCZ_COMPILED=ON" headers_alone
  "REQUIRED COMPONENTS compiled")
refused_when_asked("component bloscpack. It has it if it is configured with -DMRCZ_BLOSCPACK=ON" headers_alone
  "REQUIRED COMPONENTS bloscpack")
refused_when_asked("component bloscpack_compiled. It has it if it is configured with -DMRCZ_BLOSCPACK=ON -DMRCZ_COMPILED=ON"
  headers_alone "REQUIRED COMPONENTS bloscpack_compiled")
refused_when_asked("mrcz::boost needs Boost 1.81 or later, which was not found \\(Debian: libboost1.81-dev, Conan: boost, vcpkg: boost-asio\\)"
  prefix "REQUIRED COMPONENTS boost" -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON)

# A project that can do without a component gets the others.
set(found -S "${SOURCE}/tests/package/asks_for" -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}")
run(${CMAKE_COMMAND} ${found} -B optional "-DCMAKE_PREFIX_PATH=${WORK}/headers_alone"
  "-DASKED_FOR=REQUIRED COMPONENTS mrcz OPTIONAL_COMPONENTS compiled bloscpack nonsense" -DHAS=mrcz::mrcz
  "-DLACKS=mrcz::compiled mrcz::bloscpack")
if(BLOSCPACK)
  run(${CMAKE_COMMAND} ${found} -B without_openssl "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON
    "-DASKED_FOR=REQUIRED COMPONENTS compiled OPTIONAL_COMPONENTS bloscpack" "-DHAS=mrcz::mrcz mrcz::compiled"
    -DLACKS=mrcz::bloscpack)
  run(${CMAKE_COMMAND} ${found} -B with_openssl "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
    "-DASKED_FOR=REQUIRED COMPONENTS bloscpack" "-DHAS=mrcz::bloscpack mrcz::bloscpack_compiled")
endif()
