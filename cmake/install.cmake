# cmake --install build/release --prefix DIR: the program, the library with its headers and its CMake package, and beside them, in
# lib/outfall, every shared library that they need but those of the C library. All are found relative to each other, so the
# folder may be moved, also to a machine that has none of them. The program has the layers in itself: it starts 2 ms sooner so.
include(CMakePackageConfigHelpers)
set(private_libraries lib/outfall)
set(package lib/cmake/outfall)

set_target_properties(outfall PROPERTIES INSTALL_RPATH "$ORIGIN/../${private_libraries}")
set_target_properties(outfall_shared PROPERTIES INSTALL_RPATH "$ORIGIN/outfall")
install(TARGETS outfall RUNTIME_DEPENDENCY_SET needed RUNTIME DESTINATION bin)
install(TARGETS outfall_shared EXPORT outfall RUNTIME_DEPENDENCY_SET needed LIBRARY DESTINATION lib)

set(stays "^(ld-linux.*|libc|libm|libdl|librt|libpthread)\\.so")
if(OUTFALL_ARROW STREQUAL "system")
  set(stays ${stays} "^lib(arrow|parquet)")
endif()
install(RUNTIME_DEPENDENCY_SET needed PRE_EXCLUDE_REGEXES ${stays} DIRECTORIES ${OUTFALL_PRIVATE} LIBRARY DESTINATION ${private_libraries})
if(EXISTS ${adbc_postgresql_library})
  install(FILES ${adbc_postgresql_library} DESTINATION ${private_libraries} RENAME libadbc_driver_postgresql.so)
endif()
if(EXISTS ${duckdb_library})
  install(FILES ${duckdb_library} DESTINATION ${private_libraries} RENAME libduckdb.so)
endif()

install(DIRECTORY include/outfall ${PROJECT_BINARY_DIR}/include/outfall DESTINATION include)
install(EXPORT outfall NAMESPACE outfall:: FILE outfall-targets.cmake DESTINATION ${package})
configure_package_config_file(cmake/outfall-config.cmake.in ${PROJECT_BINARY_DIR}/package/outfall-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/outfall-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/outfall-config.cmake ${PROJECT_BINARY_DIR}/package/outfall-config-version.cmake
  DESTINATION ${package})
install(FILES LICENSE THIRD_PARTY.md DESTINATION share/doc/outfall)
