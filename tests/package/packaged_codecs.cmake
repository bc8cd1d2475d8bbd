# mrcz finds lz4 and zstd by the names that package managers give them: upstream's and Debian's, Conan's, vcpkg's.
cmake_minimum_required(VERSION 3.24)
include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

run(${CMAKE_COMMAND} --install "${BINARY}" --prefix "${WORK}/prefix")
foreach(before ON OFF)
  foreach(names zstd::libzstd_shared,LZ4::lz4_shared zstd::libzstd_static,LZ4::lz4_static zstd::libzstd,lz4::lz4
      zstd::libzstd,LZ4::lz4)
    string(REPLACE "," ";" names "${names}")
    list(POP_FRONT names zstd lz4)
    string(MAKE_C_IDENTIFIER "${before}_${zstd}_${lz4}" build)
    configure(packaged_codecs ${build} -DZSTD=${zstd} -DLZ4=${lz4} -DBEFORE=${before} "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
  endforeach()
endforeach()
