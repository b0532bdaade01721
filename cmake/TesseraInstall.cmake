# What `cmake --install` installs. Nothing of it holds the prefix, so an installed tree may be moved.
include(CMakePackageConfigHelpers)

install(TARGETS tessera EXPORT tessera-targets)
install(FILES
    "${PROJECT_SOURCE_DIR}/include/tessera.h"
    "${PROJECT_SOURCE_DIR}/include/tessera_training.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# The command, which is added later, finds the library beside it, wherever the tree is moved to.
file(RELATIVE_PATH lib_from_bin "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set(CMAKE_INSTALL_RPATH "$ORIGIN/${lib_from_bin}")

# find_package(tessera)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tessera")
set(TESSERA_STATIC_NEEDS_OPENMP OFF)
set(TESSERA_IS_STATIC OFF)
if(NOT BUILD_SHARED_LIBS)
    set(TESSERA_IS_STATIC ON)
    if(OpenMP_C_FOUND)
        set(TESSERA_STATIC_NEEDS_OPENMP ON)
    endif()
endif()
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/tessera-config.cmake.in"
    "${PROJECT_BINARY_DIR}/tessera-config.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/tessera-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(EXPORT tessera-targets NAMESPACE tessera:: DESTINATION "${package_dir}")
install(FILES
    "${PROJECT_BINARY_DIR}/tessera-config.cmake"
    "${PROJECT_BINARY_DIR}/tessera-config-version.cmake"
    DESTINATION "${package_dir}")

# pkg-config tessera
set(pc_private "-lm -pthread")
if(OpenMP_C_FOUND)
    foreach(name IN LISTS OpenMP_C_LIB_NAMES)
        if(NOT name STREQUAL "pthread")
            string(APPEND pc_private " -l${name}")
        endif()
    endforeach()
endif()
# A static library has no list of its own, so everybody who links it needs the private ones.
set(pc_public "")
if(NOT BUILD_SHARED_LIBS)
    set(pc_public " ${pc_private}")
endif()
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH pc_prefix "${CMAKE_INSTALL_PREFIX}/${pc_dir}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/tessera.pc.in" "${PROJECT_BINARY_DIR}/tessera.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/tessera.pc" DESTINATION "${pc_dir}")
