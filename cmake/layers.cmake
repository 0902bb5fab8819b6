# One static library a folder of src/, each allowed to link only folders of a lower rank. The ranks are in ARCHITECTURE.md;
# tools/check_layers.py checks the same for includes.
#
#   outfall_layer(<folder> [NEEDS <layer>...] [OWNS <third-party target>...])
#
# Sources are every *.cc of the folder but main.cc (cmake/programs.cmake); *_test.cc become one GoogleTest program, <name>_tests, registered with ctest.
function(outfall_layer folder)
  cmake_parse_arguments(ARG "" "" "NEEDS;OWNS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  set(includes ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  set(needed "")
  foreach(layer IN LISTS ARG_NEEDS)
    string(REPLACE "/" "_" layer ${layer})
    list(APPEND needed outfall_${layer})
  endforeach()

  if(sources)
    add_library(outfall_${name} STATIC ${sources})
    target_include_directories(outfall_${name} PUBLIC ${includes})
    target_link_libraries(outfall_${name} PUBLIC ${needed} PRIVATE ${ARG_OWNS} outfall_warnings)
  else()
    add_library(outfall_${name} INTERFACE)
    target_include_directories(outfall_${name} INTERFACE ${includes})
    target_link_libraries(outfall_${name} INTERFACE ${needed})
  endif()

  if(tests AND PROJECT_IS_TOP_LEVEL)
    add_executable(outfall_${name}_tests ${tests})
    target_link_libraries(outfall_${name}_tests PRIVATE outfall_${name} ${ARG_OWNS} outfall_tests)
    gtest_discover_tests(outfall_${name}_tests TEST_PREFIX "${folder}/" DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT ${OUTFALL_TEST_SECONDS})
  endif()
endfunction()
