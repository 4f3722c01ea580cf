# Installation, pkg-config and the Debian package. Everything is headers and text, so it goes where files that do not
# depend on the processor go, and can be moved as a whole.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(xnn_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/xnn")
set(xnn_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")  # xnn.pc finds the prefix two folders up from here

configure_package_config_file(cmake/xnnConfig.cmake.in "${PROJECT_BINARY_DIR}/xnnConfig.cmake"
    INSTALL_DESTINATION "${xnn_cmake_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/xnnConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_file(cmake/xnn.pc.in "${PROJECT_BINARY_DIR}/xnn.pc" @ONLY)

install(DIRECTORY include/xnn cuda/xnn DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES
    "${PROJECT_BINARY_DIR}/xnnConfig.cmake"
    "${PROJECT_BINARY_DIR}/xnnConfigVersion.cmake"
    cmake/XnnTargets.cmake
    DESTINATION "${xnn_cmake_dir}")
install(FILES "${PROJECT_BINARY_DIR}/xnn.pc" DESTINATION "${xnn_pc_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libxnn-dev)
set(CPACK_PACKAGE_CONTACT "The xnn authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libxtensor-dev (>= 0.24), libxsimd-dev (>= 8.1), xtl-dev (>= 0.7)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nlohmann-json3-dev, libzip-dev, zlib1g-dev, libonnx-dev, libprotobuf-dev")
include(CPack)
