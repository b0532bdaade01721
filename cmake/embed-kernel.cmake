# Writes one kernel as a C array, with its includes inlined, each once.
#
#   cmake -DKERNEL_DIR=kernels -DKERNEL=conv/reference -DOUTPUT=reference.cl.c -P embed-kernel.cmake
#
# A driver compiles the text alone and finds no file beside it, so `#include "common/vector.cl"` becomes that file's
# text. #line directives keep file and line right in a driver's messages.

cmake_minimum_required(VERSION 3.25)

function(count_lines text result)
    string(REGEX MATCHALL "\n" ends "${text}")
    list(LENGTH ends count)
    set(${result} ${count} PARENT_SCOPE)
endfunction()

# Sets `result` to the text of a kernel file with its includes inlined.
function(inline_file name result)
    set_property(GLOBAL APPEND PROPERTY inlined "${name}")
    file(READ "${KERNEL_DIR}/${name}" rest)
    # A directive is looked for between two line ends, so the first line gets one in front.
    string(PREPEND rest "\n")
    set(text "#line 1 \"${name}\"")
    set(line 0)
    while(rest MATCHES "\n#include \"([^\"\n]+)\"[^\n]*\n")
        set(directive "${CMAKE_MATCH_0}")
        set(included "${CMAKE_MATCH_1}")

        string(FIND "${rest}" "${directive}" at)
        string(SUBSTRING "${rest}" 0 ${at} before)
        string(LENGTH "${directive}" length)
        math(EXPR end "${at} + ${length} - 1")
        string(SUBSTRING "${rest}" ${end} -1 rest)
        count_lines("${before}" lines)
        math(EXPR line "${line} + ${lines} + 1")

        set(inlined_text "")
        get_property(inlined GLOBAL PROPERTY inlined)
        if(NOT included IN_LIST inlined)
            inline_file("${included}" inlined_text)
        endif()
        math(EXPR next "${line} + 1")
        string(APPEND text "${before}\n${inlined_text}\n#line ${next} \"${name}\"")
    endwhile()
    set(${result} "${text}${rest}" PARENT_SCOPE)
endfunction()

inline_file("${KERNEL}.cl" text)
# CMake reads bytes as hexadecimal from files only.
set(inlined_file "${OUTPUT}.inlined")
file(WRITE "${inlined_file}" "${text}")
file(READ "${inlined_file}" bytes HEX)
file(REMOVE "${inlined_file}")
string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " bytes "${bytes}")

string(REPLACE "/" "_" symbol "${KERNEL}")
file(WRITE "${OUTPUT}" "/* Generated from kernels/${KERNEL}.cl. */
#include \"source.h\"

static const unsigned char text[] = {
    ${bytes}0x00};

extern const tsr__source tsr__source_${symbol};
const tsr__source tsr__source_${symbol} = {\"${KERNEL}.cl\", (const char *)text, sizeof text - 1};
")
