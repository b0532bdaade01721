# How every C file of the project is compiled: the library, the command and the tests.

function(tsr_compile_as_ours target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11
        C_STANDARD_REQUIRED ON
        C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden)
    # What the sources take from POSIX beyond C11: threads, clocks, files.
    target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wconversion -Wshadow
        $<$<BOOL:${TESSERA_WERROR}>:-Werror>)
endfunction()
