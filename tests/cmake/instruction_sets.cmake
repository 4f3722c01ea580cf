# Matrix products for every instruction set that they have tiles for, whatever this build is made for: each is a program
# of the same source. What this processor cannot run, and what no compiler is there for, is a test that says it was skipped.
include(CheckCXXSourceRuns)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    foreach(set IN ITEMS sse2 avx2 avx512)
        string(REPLACE sse2 x86-64 architecture ${set})
        string(REPLACE avx2 x86-64-v3 architecture ${architecture})
        string(REPLACE avx512 x86-64-v4 architecture ${architecture})
        string(REPLACE avx512 avx512vl feature ${set})
        check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"${feature}\") ? 0 : 1; }" XNN_PROCESSOR_HAS_${set})
        if(NOT XNN_PROCESSOR_HAS_${set})
            xnn_skipped_test("products for ${set}" "this processor does not have it")
            continue()
        endif()
        # A source of its own, for the flags of a source come after those of its target, among which may be -march=native
        set(source "${CMAKE_CURRENT_BINARY_DIR}/instruction_sets/gemm_${set}.cpp")
        file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/instruction_sets/gemm.cpp\"\n")
        set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -march=${architecture})
        xnn_program(test_gemm_${set} "${source}")
        target_link_libraries(test_gemm_${set} PRIVATE test_main)
        target_compile_options(test_gemm_${set} PRIVATE ${XNN_TEST_OPTIMISATION} -UNDEBUG)
        add_test(NAME "products for ${set}" COMMAND test_gemm_${set})
    endforeach()
endif()

# NEON needs another machine to run; that its source compiles can be seen here.
find_program(XNN_TEST_AARCH64_COMPILER NAMES aarch64-linux-gnu-g++ DOC "A compiler for NEON, for a test of its syntax")
if(XNN_TEST_AARCH64_COMPILER)
    add_test(NAME "products for neon compile" COMMAND "${XNN_TEST_AARCH64_COMPILER}" -std=c++20 -fsyntax-only -Werror
        -Wall -Wextra -Wpedantic -Wconversion -Wshadow "-I${PROJECT_SOURCE_DIR}/include" "-I${CMAKE_CURRENT_SOURCE_DIR}"
        "${CMAKE_CURRENT_SOURCE_DIR}/instruction_sets/gemm.cpp")
else()
    xnn_skipped_test("products for neon compile" "there is no aarch64-linux-gnu-g++")
endif()
