# liboutfall.so: the layers below cli as one library for programs that are built elsewhere. It shows its public functions only, so
# that a host may have an fmt, a simdjson or a SQLite of its own.
#
# The public functions are in engine, base and config, and nothing in the library calls them: these go in whole.
add_library(outfall_shared SHARED $<TARGET_OBJECTS:outfall_engine> $<TARGET_OBJECTS:outfall_base> $<TARGET_OBJECTS:outfall_config>)
target_link_libraries(outfall_shared PRIVATE outfall_engine)
target_include_directories(outfall_shared INTERFACE $<INSTALL_INTERFACE:include>)
target_compile_features(outfall_shared INTERFACE cxx_std_23)
set(exported ${PROJECT_SOURCE_DIR}/cmake/liboutfall.map)
target_link_options(outfall_shared PRIVATE LINKER:--version-script=${exported} LINKER:--gc-sections
  $<$<CONFIG:Release>:LINKER:-z,defs>)  # a sanitizer's functions come with the program
set_target_properties(outfall_shared PROPERTIES
  OUTPUT_NAME outfall
  EXPORT_NAME outfall
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}  # before 1.0 each minor version may change the interface
  LINKER_LANGUAGE CXX
  LINK_DEPENDS ${exported})
