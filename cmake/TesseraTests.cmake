# How tests are registered. A test finds its device in the environment variable TESSERA_TEST_DEVICE, a selector for
# tsr_context_create(); exit code 77 means skipped.

# Intel's CPU runtime is no Debian package: scripts/intel-opencl installs it here, for all build folders.
set(TESSERA_INTEL_ICD "${PROJECT_SOURCE_DIR}/build/intel-opencl/intel.icd" CACHE FILEPATH
    "The .icd file of Intel's OpenCL CPU runtime, for tests")
find_file(TESSERA_POCL_ICD pocl.icd PATHS /etc/OpenCL/vendors NO_DEFAULT_PATH
    DOC "The .icd file of PoCL, for tests")
# Built programs are the same whatever compiler and sanitizer built the tests, and to build them takes most of the time
# of the tests that run every algorithm: the presets share one folder.
set(TESSERA_TEST_CACHE "${PROJECT_BINARY_DIR}/test-cache" CACHE PATH "Where tests keep built programs between runs")

# One folder of .icd files for each set of OpenCL platforms that a test may see. Tests never see what else the machine
# has: it would make them differ from machine to machine, and a GPU driver may not even load beside AddressSanitizer.
set(icd_dir "${PROJECT_BINARY_DIR}/icd")
file(MAKE_DIRECTORY "${icd_dir}/none")
set(TESSERA_TEST_DEVICES cpu)
foreach(device IN ITEMS pocl intel)
    string(TOUPPER ${device} upper)
    if(EXISTS "${TESSERA_${upper}_ICD}")
        list(APPEND TESSERA_TEST_DEVICES ${device})
        foreach(folder IN ITEMS ${device} all)
            file(MAKE_DIRECTORY "${icd_dir}/${folder}")
            file(COPY_FILE "${TESSERA_${upper}_ICD}" "${icd_dir}/${folder}/${device}.icd")
        endforeach()
    endif()
endforeach()
if("pocl" IN_LIST TESSERA_TEST_DEVICES AND "intel" IN_LIST TESSERA_TEST_DEVICES)
    list(APPEND TESSERA_TEST_DEVICES all)
endif()
list(JOIN TESSERA_TEST_DEVICES " " devices)
message(STATUS "Tests run on: ${devices}")

set(timeout 1200)
if(TESSERA_ALL_TESTS)
    set(timeout 14400)
endif()

# Programs of PoCL are kept by PoCL itself. To ask it for a program's binary, as the library's cache does, has it compile
# each kernel a second time, for a local size that is not known: that took half of the time of all tests.
#
# OMP_WAIT_POLICY: the tests that compare a device with the CPU path use the cores in turns with the device's threads,
# and OpenMP's threads would otherwise spin while the others work.
function(tsr_set_test_environment test icds selector)
    set(programs "TESSERA_TEST_CACHE=${TESSERA_TEST_CACHE}/programs;")
    if(icds STREQUAL "pocl")
        set(programs "")
    endif()
    set_tests_properties(${test} PROPERTIES
        SKIP_RETURN_CODE 77
        TIMEOUT ${timeout}
        ENVIRONMENT "\
TESSERA_TEST_DEVICE=${selector};\
OCL_ICD_VENDORS=${icd_dir}/${icds};\
POCL_CACHE_DIR=${TESSERA_TEST_CACHE}/pocl;\
${programs}\
LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0;\
OMP_WAIT_POLICY=passive;\
UBSAN_OPTIONS=print_stacktrace=1")
endfunction()

# tessera_test(NAME COMMAND command [argument...] [LABELS label...]): a test that needs no OpenCL and sees none.
function(tessera_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "" "COMMAND;LABELS")
    add_test(NAME ${name} COMMAND ${test_COMMAND})
    tsr_set_test_environment(${name} none cpu)
    set_tests_properties(${name} PROPERTIES LABELS "${test_LABELS}")
endfunction()

# tessera_device_test(NAME COMMAND command [argument...] [DEVICES device...] [LABELS label...])
#
# Registers NAME.DEVICE once for each device that is there, out of DEVICES:
#
#   cpu     the CPU path, on a machine without any OpenCL platform
#   pocl    PoCL alone
#   intel   Intel's CPU runtime alone
#   all     both at once, on the best device; not among the default, which is the other three
function(tessera_device_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "" "COMMAND;DEVICES;LABELS")
    if(NOT test_DEVICES)
        set(test_DEVICES cpu pocl intel)
    endif()
    foreach(device IN LISTS test_DEVICES)
        if(NOT device IN_LIST TESSERA_TEST_DEVICES)
            continue()
        endif()
        set(icds ${device})
        if(device STREQUAL "cpu")
            set(icds none)
            set(selector cpu)
        elseif(device STREQUAL "pocl")
            set(selector opencl:Portable)
        elseif(device STREQUAL "intel")
            set(selector opencl:Intel)
        else()
            set(selector opencl)
        endif()
        add_test(NAME ${name}.${device} COMMAND ${test_COMMAND})
        tsr_set_test_environment(${name}.${device} ${icds} ${selector})
        set_tests_properties(${name}.${device} PROPERTIES LABELS "${device};${test_LABELS}")
        # The long ones go first, so that no core idles at the end.
        if(test_LABELS MATCHES "algorithms|conformance")
            set_tests_properties(${name}.${device} PROPERTIES COST 1000)
        endif()
    endforeach()
endfunction()
