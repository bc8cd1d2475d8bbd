# What the scripts of this folder have in common. Each is given SOURCE, the repository; BINARY, its build; WORK, a folder of
# its own, which is empty after this file; BLOSCPACK, whether the wing is tested too; and COMPILER.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

# run(COMMAND...): runs it in WORK and fails with its output if it fails.
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}\n${output}")
  endif()
endfunction()

# refused(WORDS COMMAND...): runs it and fails unless it fails and says WORDS, a regular expression.
function(refused words)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(result EQUAL 0)
    message(FATAL_ERROR "did not fail: ${ARGN}\n${output}")
  elseif(NOT output MATCHES "${words}")
    message(FATAL_ERROR "failed without saying \"${words}\": ${ARGN}\n${output}")
  endif()
endfunction()

# configure(FOLDER BUILD OPTION...): configures the project in that folder of tests/package.
macro(configure folder build)
  run(${CMAKE_COMMAND} -S "${SOURCE}/tests/package/${folder}" -B ${build} -G Ninja "-DMRCZ_SOURCE=${SOURCE}"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DBLOSCPACK=${BLOSCPACK}" ${ARGN})
endmacro()
