# weir_module(NAME SOURCES a.cpp… [USES base ws…] [OUTSIDE lib…] [OUTSIDE_PUBLIC lib…])
# One static library a module, weir::NAME. Public headers are include/weir/NAME/*.hpp.
# USES are other modules (visible to those who link this one); OUTSIDE are private libraries.
function(weir_module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "" "" "SOURCES;USES;OUTSIDE;OUTSIDE_PUBLIC")
  add_library(weir_${name} STATIC ${M_SOURCES})
  add_library(weir::${name} ALIAS weir_${name})
  file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/weir/${name}/*.hpp")
  target_sources(weir_${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include"
                                     FILES ${headers})
  set_target_properties(weir_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_include_directories(weir_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(weir_${name} PUBLIC weir::options ${M_OUTSIDE_PUBLIC} PRIVATE ${M_OUTSIDE})
  foreach(used IN LISTS M_USES)
    target_link_libraries(weir_${name} PUBLIC weir::${used})
  endforeach()
endfunction()

# Builds what `ctest -L threads` runs, and nothing else.
add_custom_target(weir_thread_tests)

# weir_test(NAME SOURCES a_test.cpp… [USES module…] [OUTSIDE lib…] [LABELS threads…] [TIMEOUT s])
# One GoogleTest binary; every test is a ctest test. Label `threads` also runs it under TSan.
function(weir_test name)
  cmake_parse_arguments(PARSE_ARGV 1 T "" "TIMEOUT" "SOURCES;USES;OUTSIDE;LABELS")
  add_executable(${name} ${T_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE weir::options GTest::gmock GTest::gtest_main ${T_OUTSIDE})
  foreach(used IN LISTS T_USES)
    target_link_libraries(${name} PRIVATE weir::${used})
  endforeach()
  if("threads" IN_LIST T_LABELS)
    add_dependencies(weir_thread_tests ${name})
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}")
endfunction()

# Builds every fuzz target, and nothing else.
add_custom_target(weir_fuzz_targets)

# weir_fuzz(NAME SOURCE x_fuzz.cpp [USES module…])
# A libFuzzer target with the fuzz preset. In every other build the same source is linked with a
# driver that replays the corpus tests/fuzz/corpus/NAME and a fixed number of seeded mutations.
function(weir_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 F "" "SOURCE" "USES;OUTSIDE")
  add_executable(${name} ${F_SOURCE})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(${name} PRIVATE weir::options ${F_OUTSIDE})
  add_dependencies(weir_fuzz_targets ${name})
  foreach(used IN LISTS F_USES)
    target_link_libraries(${name} PRIVATE weir::${used})
  endforeach()
  if(WEIR_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp")
    add_test(NAME fuzz.${name} COMMAND ${name} "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name}")
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 300 LABELS fuzz)
  endif()
endfunction()

# weir_e2e(NAME SCRIPT x.mjs [TIMEOUT s])
# A script for Node that runs the daemon named by the environment variable WEIR_BINARY and drives it from
# outside. Label `e2e`, one at a time; registered only where the cache variable WEIR_BINARY names one.
set(WEIR_BINARY "" CACHE FILEPATH "The daemon under the tests labelled e2e; empty leaves them out")
function(weir_e2e name)
  cmake_parse_arguments(PARSE_ARGV 1 E "" "SCRIPT;TIMEOUT" "")
  if(NOT WEIR_BINARY)
    return()
  endif()
  if(NOT E_TIMEOUT)
    set(E_TIMEOUT 120)
  endif()
  add_test(NAME e2e.${name} COMMAND node "${CMAKE_CURRENT_SOURCE_DIR}/${E_SCRIPT}"
           WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  set_tests_properties(e2e.${name} PROPERTIES
    LABELS e2e TIMEOUT ${E_TIMEOUT} RUN_SERIAL ON ENVIRONMENT "WEIR_BINARY=${WEIR_BINARY}")
endfunction()
