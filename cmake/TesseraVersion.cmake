# The version stands in the public header and nowhere else.

function(tsr_read_version header result)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
    foreach(part MAJOR MINOR PATCH)
        file(STRINGS "${header}" line REGEX "^#define TSR_VERSION_${part} ")
        if(NOT line MATCHES "([0-9]+)$")
            message(FATAL_ERROR "${header} does not define TSR_VERSION_${part}")
        endif()
        list(APPEND parts "${CMAKE_MATCH_1}")
    endforeach()
    list(JOIN parts "." version)
    set(${result} "${version}" PARENT_SCOPE)
endfunction()
