# What is built on top of the layers: outfall itself, the examples, the fuzz targets. Each exists as soon as its source does.


file(GLOB cli_main CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/main.cc)
if(cli_main)
  add_executable(outfall ${cli_main})
  target_link_libraries(outfall PRIVATE outfall_cli CLI11::CLI11 fmt::fmt outfall_warnings)
endif()

# Examples see the public headers and the library, nothing else; each runs as a test in a folder of its own.
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.cc)
set(plugins ${examples})
list(FILTER examples EXCLUDE REGEX "_plugin\\.cc$")
list(FILTER plugins INCLUDE REGEX "_plugin\\.cc$")
foreach(example IN LISTS examples)
  get_filename_component(name ${example} NAME_WE)
  add_executable(example_${name} ${example})
  target_link_libraries(example_${name} PRIVATE outfall::outfall outfall_warnings)
  set(folder ${PROJECT_BINARY_DIR}/examples/${name})
  file(MAKE_DIRECTORY ${folder})
  add_test(NAME examples/${name} COMMAND example_${name} WORKING_DIRECTORY ${folder})
  set_tests_properties(examples/${name} PROPERTIES
    TIMEOUT ${OUTFALL_TEST_SECONDS} ENVIRONMENT "OUTFALL_DATA_DIR=${folder}/state;OUTFALL_SAMPLES=${PROJECT_SOURCE_DIR}/data")
endforeach()

# A plugin sees the public headers and links nothing: example_<name>.so.
foreach(example IN LISTS plugins)
  get_filename_component(name ${example} NAME_WE)
  add_library(example_${name} MODULE ${example})
  target_include_directories(example_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(example_${name} PRIVATE outfall_warnings)
  set_target_properties(example_${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} CXX_VISIBILITY_PRESET hidden)
endforeach()

# fuzz/<parser>.cc becomes build/fuzz/fuzz_<parser>; seeds in fuzz/corpus/<parser>/. See tools/fuzz.
option(OUTFALL_FUZZ "Build the libFuzzer targets (needs clang; preset fuzz)" OFF)
if(OUTFALL_FUZZ)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*.cc)
  foreach(fuzzer IN LISTS fuzzers)
    get_filename_component(name ${fuzzer} NAME_WE)
    add_executable(fuzz_${name} ${fuzzer})
    target_link_libraries(fuzz_${name} PRIVATE outfall_engine fmt::fmt outfall_warnings)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()

# What bench/run measures against: a walk over the documents, and the hashing of row ids alone.
add_executable(bench_walk ${PROJECT_SOURCE_DIR}/bench/walk.cc)
target_link_libraries(bench_walk PRIVATE simdjson outfall_warnings)
add_executable(bench_row_ids ${PROJECT_SOURCE_DIR}/bench/row_ids.cc)
target_link_libraries(bench_row_ids PRIVATE outfall_normalize outfall_warnings)

# What it costs to hand rows to a function.
add_executable(bench_deliver ${PROJECT_SOURCE_DIR}/bench/deliver.cc)
target_link_libraries(bench_deliver PRIVATE outfall::outfall SQLite::SQLite3 outfall_warnings)

# What bench/databases measures against: rows through a prepared INSERT, rows that a driver reads.
add_executable(bench_sqlite_inserts ${PROJECT_SOURCE_DIR}/bench/sqlite_inserts.cc)
target_link_libraries(bench_sqlite_inserts PRIVATE SQLite::SQLite3 outfall_warnings)
add_executable(bench_read_rows ${PROJECT_SOURCE_DIR}/bench/read_rows.cc)
target_link_libraries(bench_read_rows PRIVATE outfall_sql adbc_header ${CMAKE_DL_LIBS} outfall_warnings)
