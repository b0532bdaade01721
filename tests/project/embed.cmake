# Embeds an invented kernel and compares the text with what a compiler must see:  cmake -DFOLDER=... -P embed.cmake
cmake_minimum_required(VERSION 3.25)

file(WRITE "${FOLDER}/common/a.cl" "#include \"common/b.cl\"\nint a_line2;")
file(WRITE "${FOLDER}/common/b.cl" "int b_line1; /* ; [ \\1 */\n")
file(WRITE "${FOLDER}/op/kernel.cl" "/* `#include \"common/x.cl\"` */
#include \"common/a.cl\"
#include \"common/b.cl\"
int line4;
")
set(expected "#line 1 \"op/kernel.cl\"
/* `#include \"common/x.cl\"` */
#line 1 \"common/a.cl\"
#line 1 \"common/b.cl\"
int b_line1; /* ; [ \\1 */

#line 2 \"common/a.cl\"
int a_line2;
#line 3 \"op/kernel.cl\"

#line 4 \"op/kernel.cl\"
int line4;
")

execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DKERNEL_DIR=${FOLDER}" -DKERNEL=op/kernel "-DOUTPUT=${FOLDER}/out.c"
        -P "${CMAKE_CURRENT_LIST_DIR}/../../cmake/embed-kernel.cmake"
    COMMAND_ERROR_IS_FATAL ANY)
file(READ "${FOLDER}/out.c" source)
file(WRITE "${FOLDER}/expected" "${expected}")
file(READ "${FOLDER}/expected" hex HEX)
string(REGEX MATCHALL "0x[0-9a-f][0-9a-f]" bytes "${source}")
list(JOIN bytes "" bytes)
string(REPLACE "0x" "" bytes "${bytes}")
if(NOT bytes STREQUAL "${hex}00")
    message(FATAL_ERROR "the embedded text differs from what is expected:\n${bytes}\n${hex}00")
endif()
if(NOT source MATCHES "const tsr__source tsr__source_op_kernel = {\"op/kernel.cl\"")
    message(FATAL_ERROR "the symbol is missing")
endif()
message(STATUS "embedded as expected")
