# Embeds kernels into a target, as C arrays that are generated in the build folder.

set(TESSERA_KERNEL_DIR "${PROJECT_SOURCE_DIR}/kernels")
set(TESSERA_EMBED_SCRIPT "${PROJECT_SOURCE_DIR}/cmake/embed-kernel.cmake")

# tsr_embed_kernels(TARGET OP/NAME...): for each kernels/OP/NAME.cl, TARGET gets a
# `const tsr__source tsr__source_OP_NAME` (host/source.h).
function(tsr_embed_kernels target)
    # Any kernel may include any of these, and to follow who does would cost more than to embed them all again.
    file(GLOB common CONFIGURE_DEPENDS "${TESSERA_KERNEL_DIR}/common/*.cl")
    foreach(kernel IN LISTS ARGN)
        set(source "${TESSERA_KERNEL_DIR}/${kernel}.cl")
        set(output "${CMAKE_CURRENT_BINARY_DIR}/kernels/${kernel}.cl.c")
        add_custom_command(
            OUTPUT "${output}"
            COMMAND "${CMAKE_COMMAND}"
                "-DKERNEL_DIR=${TESSERA_KERNEL_DIR}" "-DKERNEL=${kernel}" "-DOUTPUT=${output}"
                -P "${TESSERA_EMBED_SCRIPT}"
            DEPENDS "${source}" ${common} "${TESSERA_EMBED_SCRIPT}"
            COMMENT "Embedding kernels/${kernel}.cl"
            VERBATIM)
        target_sources(${target} PRIVATE "${output}")
        # For source.h.
        set_source_files_properties("${output}" PROPERTIES INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}/host")
    endforeach()
endfunction()
