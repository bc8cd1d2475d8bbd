# Without one of the libraries that mrcz needs neither a project with the sources of mrcz nor one that finds it installed is
# configured, and CMake says what is missing.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

run(${CMAKE_COMMAND} --install "${BINARY}" --prefix "${WORK}/prefix")
set(packages Threads Blosc Zstd Lz4 ZLIB Asio fmt nlohmann_json xtl xtensor)
set(of_bloscpack OpenSSL)
if(BLOSCPACK)
  list(APPEND packages ${of_bloscpack})
endif()
foreach(package IN LISTS packages)
  set(options -G Ninja "-DMRCZ_SOURCE=${SOURCE}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
    "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON" "-DBLOSCPACK=${BLOSCPACK}")
  refused("mrcz needs ${package}, which was not found"
    ${CMAKE_COMMAND} -S "${SOURCE}/tests/package/add_subdirectory" -B "in_tree_${package}" ${options})
  refused("mrcz could not be found because dependency ${package} could not be found|Could not find.*${package}|${package}.*REQUIRED"
    ${CMAKE_COMMAND} -S "${SOURCE}/tests/package/find_package" -B "installed_${package}" ${options})
endforeach()
refused("mrcz::boost needs Boost 1.81 or later, which was not found"
  ${CMAKE_COMMAND} -S "${SOURCE}/tests/package/find_package" -B installed_Boost -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}"
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON -DBOOST=ON)

# Who only asks whether mrcz is there gets no target that cannot be used.
configure(find_package_quietly quietly "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_DISABLE_FIND_PACKAGE_xtensor=ON")
