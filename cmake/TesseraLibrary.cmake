# The library: all files of an operator's folders host/OP and kernels/OP. Its CPU path comes from lists: a line in
# host/cpu/OP.def adds host/cpu/OP_NAME.c.

set(TESSERA_OPERATORS conv pool reorder unpool columns conv_backward_activation conv_backward_data conv_backward_weights
    pool_backward)

# Sets `result` to the names in a list of TSR_ALGORITHM(name) lines.
function(tsr_read_algorithms list result)
    # An edited list configures again by itself.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
    file(STRINGS "${list}" names REGEX "^TSR_ALGORITHM\\(")
    list(TRANSFORM names REPLACE "^TSR_ALGORITHM\\(([a-z0-9_]+)\\).*$" "\\1")
    set(${result} ${names} PARENT_SCOPE)
endfunction()

set(host "${PROJECT_SOURCE_DIR}/host")
# The core's files are not listed: a new one is one file and no other change.
file(GLOB core_sources CONFIGURE_DEPENDS "${host}/*.c")
set(operator_sources "")
set(cpu_sources "")
set(folder "${PROJECT_SOURCE_DIR}/kernels")
set(kernels "")
foreach(op IN LISTS TESSERA_OPERATORS)
    # The operator, its algorithms, and what several of them share.
    file(GLOB sources CONFIGURE_DEPENDS "${host}/${op}/*.c")
    list(APPEND operator_sources ${sources})
    file(GLOB names CONFIGURE_DEPENDS RELATIVE "${folder}" "${folder}/${op}/*.cl")
    list(TRANSFORM names REPLACE "[.]cl$" "")
    list(APPEND kernels ${names})
    tsr_read_algorithms("${host}/cpu/${op}.def" names)
    foreach(name IN LISTS names)
        list(APPEND cpu_sources "${host}/cpu/${op}_${name}.c")
    endforeach()
endforeach()

find_package(OpenCL REQUIRED)
find_package(Threads REQUIRED)
# xxHash is used as a header: nothing links to it.
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
if(TESSERA_OPENMP)
    find_package(OpenMP QUIET COMPONENTS C)
endif()
if(OpenMP_C_FOUND)
    message(STATUS "CPU path: OpenMP")
    set(openmp_options ${OpenMP_C_FLAGS})
    separate_arguments(openmp_options)
else()
    message(STATUS "CPU path: one thread")
    # Takes `omp simd` and passes over the rest without a warning.
    set(openmp_options -fopenmp-simd)
endif()

# The objects are compiled once and serve the library and the tests of its inside.
add_library(tessera_objects OBJECT ${core_sources} ${operator_sources} ${cpu_sources})
tsr_embed_kernels(tessera_objects ${kernels})
tsr_compile_as_ours(tessera_objects)
set_target_properties(tessera_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_include_directories(tessera_objects PRIVATE "${PROJECT_SOURCE_DIR}/include" "${host}")
target_include_directories(tessera_objects SYSTEM PRIVATE "${XXHASH_INCLUDE_DIR}")
target_link_libraries(tessera_objects PRIVATE OpenCL::OpenCL Threads::Threads)
# The CPU path is written for the compiler to make vectors of, which -O2 does not do everywhere.
set_source_files_properties(${cpu_sources} PROPERTIES
    COMPILE_OPTIONS "${openmp_options};$<$<NOT:$<CONFIG:Debug>>:-O3>")

function(tsr_link_objects target)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:tessera_objects>)
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    # Public, because the header speaks of OpenCL's types.
    target_link_libraries(${target} PUBLIC OpenCL::OpenCL PRIVATE Threads::Threads m)
    if(OpenMP_C_FOUND)
        target_link_libraries(${target} PRIVATE OpenMP::OpenMP_C)
    endif()
endfunction()

add_library(tessera)
add_library(tessera::tessera ALIAS tessera)
tsr_link_objects(tessera)
set_target_properties(tessera PROPERTIES
    LINKER_LANGUAGE C
    # Before 1.0 a minor version may change the interface, as the package version file says too.
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

# For tests: the same objects, whose inner functions are in reach.
if(TESSERA_TESTS)
    add_library(tessera_internal STATIC)
    tsr_link_objects(tessera_internal)
    set_target_properties(tessera_internal PROPERTIES LINKER_LANGUAGE C)
    target_include_directories(tessera_internal PUBLIC "${host}")
endif()
