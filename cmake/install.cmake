# cmake --install build/release --prefix DIR: the program, the public headers, and the two pinned libraries beside it. The program
# finds them relative to itself, so the folder may be moved.
set(private_libraries lib/outfall)

if(TARGET outfall)
  set_target_properties(outfall PROPERTIES INSTALL_RPATH "$ORIGIN/../${private_libraries}")
  install(TARGETS outfall RUNTIME DESTINATION bin)
endif()
if(OUTFALL_ARROW STREQUAL "pinned")
  install(FILES ${OUTFALL_DEPS}/pyarrow/lib/libarrow.so.2600 DESTINATION ${private_libraries})
endif()
if(EXISTS ${OUTFALL_DUCKDB_LIBRARY})
  install(FILES ${OUTFALL_DUCKDB_LIBRARY} DESTINATION ${private_libraries} RENAME libduckdb.so)
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/outfall ${CMAKE_BINARY_DIR}/include/outfall DESTINATION include)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/THIRD_PARTY.md DESTINATION share/doc/outfall)
