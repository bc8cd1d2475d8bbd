# A stranger's project that uses an mrcz that was installed without lz4 and zstd.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

set(without_codecs -DCMAKE_DISABLE_FIND_PACKAGE_Zstd=ON -DCMAKE_DISABLE_FIND_PACKAGE_Lz4=ON)
run(${CMAKE_COMMAND} -S "${SOURCE}" -B library -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}" -DMRCZ_BUILD_TESTS=OFF
  -DMRCZ_BUILD_TOOLS=OFF -DMRCZ_BUILD_EXAMPLES=OFF -DMRCZ_BUILD_BENCHMARKS=OFF -DMRCZ_COMPILED=OFF
  -DMRCZ_BLOSCPACK=${BLOSCPACK} -DMRCZ_ONLY_BLOSC=ON ${without_codecs})
run(${CMAKE_COMMAND} --install library --prefix "${WORK}/prefix")
configure(find_package build ${without_codecs} "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
run(${CMAKE_COMMAND} --build build --target stranger)
run("${WORK}/build/stranger")
