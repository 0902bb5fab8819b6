# Every third-party library, as one imported target each. Debian packages are found; pinned downloads lie in .deps (tools/setup
# fills it). A system Arrow or DuckDB can be given instead: -DOUTFALL_ARROW=system, -DOUTFALL_DUCKDB_LIBRARY=/path/libduckdb.so.
set(OUTFALL_DEPS "${PROJECT_SOURCE_DIR}/.deps" CACHE PATH "Folder that tools/setup fills with the pinned downloads")
set(OUTFALL_ARROW "pinned" CACHE STRING "pinned: the wheel in .deps; system: find_package(Arrow)")
set(OUTFALL_DUCKDB_LIBRARY "${OUTFALL_DEPS}/duckdb/libduckdb.so" CACHE FILEPATH "libduckdb.so, opened at run time")
set(OUTFALL_DUCKDB_INCLUDE "${OUTFALL_DEPS}/duckdb/include" CACHE PATH "Folder of the duckdb.h that belongs to the library")

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
if(PROJECT_IS_TOP_LEVEL)
  find_package(CLI11 REQUIRED)
  find_package(GTest REQUIRED)
endif()
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

function(outfall_need file)
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "${file} is missing.\nhint: run tools/setup (make does it), or name a system library as described in cmake/third_party.cmake")
  endif()
endfunction()

# simdjson: one source file, compiled here without our warnings.
outfall_need(${OUTFALL_DEPS}/simdjson/simdjson.cpp)
add_library(simdjson STATIC ${OUTFALL_DEPS}/simdjson/simdjson.cpp)
target_include_directories(simdjson SYSTEM PUBLIC ${OUTFALL_DEPS}/simdjson)
target_compile_options(simdjson PRIVATE -O2 -w)

# A host program may bring another Arrow or DuckDB into the process. Ours are copies that it cannot disturb; see the script.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
function(outfall_make_private how from to)
  set(script ${PROJECT_SOURCE_DIR}/tools/make_private.py)
  outfall_need(${from})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${from} ${script})
  file(TIMESTAMP ${from} time "%s")
  file(SIZE ${from} size)
  file(SHA256 ${script} rules)
  set(made "")
  if(EXISTS ${to} AND EXISTS ${to}.made)
    file(READ ${to}.made made)
  endif()
  if(made STREQUAL "${from} ${time} ${size} ${rules}")
    return()
  endif()
  file(MAKE_DIRECTORY ${OUTFALL_PRIVATE})
  execute_process(COMMAND ${Python3_EXECUTABLE} ${script} ${how} ${from} ${to} COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${to}.made "${from} ${time} ${size} ${rules}")
endfunction()
set(OUTFALL_PRIVATE ${PROJECT_BINARY_DIR}/private)

if(OUTFALL_ARROW STREQUAL "system")
  find_package(Arrow REQUIRED)
  add_library(arrow_cpp ALIAS Arrow::arrow_shared)
else()
  outfall_make_private(rename ${OUTFALL_DEPS}/pyarrow/lib/libarrow.so.2600 ${OUTFALL_PRIVATE}/libofarrow.so.26)
  add_library(arrow_cpp SHARED IMPORTED)
  set_target_properties(arrow_cpp PROPERTIES
    IMPORTED_LOCATION ${OUTFALL_PRIVATE}/libofarrow.so.26
    INTERFACE_COMPILE_DEFINITIONS "arrow=arro_;arrow_vendored=arrow_vendore_;parquet=parque_"
    INTERFACE_INCLUDE_DIRECTORIES ${OUTFALL_DEPS}/pyarrow/include
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${OUTFALL_DEPS}/pyarrow/include)
endif()

# DuckDB is opened with dlopen: only its header is needed to build.
set(duckdb_library ${OUTFALL_DUCKDB_LIBRARY})
if(duckdb_library STREQUAL "${OUTFALL_DEPS}/duckdb/libduckdb.so" AND EXISTS ${duckdb_library})
  set(duckdb_library ${OUTFALL_PRIVATE}/libduckdb.so)
  outfall_make_private(symbolic ${OUTFALL_DUCKDB_LIBRARY} ${duckdb_library})
endif()
outfall_need(${OUTFALL_DUCKDB_INCLUDE}/duckdb.h)
add_library(duckdb_header INTERFACE)
target_include_directories(duckdb_header SYSTEM INTERFACE ${OUTFALL_DUCKDB_INCLUDE})
target_compile_definitions(duckdb_header INTERFACE OUTFALL_DUCKDB_LIBRARY="${duckdb_library}")
