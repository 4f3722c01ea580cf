# What the other files here share: which compilers tests run, the flags of a program that uses all of xnn, and how a test says
# that it was skipped.

# xnn_skipped_test(name reason)
function(xnn_skipped_test name reason)
    add_test(NAME "${name}" COMMAND "${CMAKE_COMMAND}" -E echo "skipped: ${reason}")
    set_tests_properties("${name}" PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: ")
    message(STATUS "xnn: test '${name}' is skipped: ${reason}")
endfunction()

# The compiler of this build, and clang beside g++: a header or an error text must be good with both.
set(test_compilers "${CMAKE_CXX_COMPILER}")
find_program(XNN_TEST_CLANG NAMES clang++-14 clang++ DOC "clang, for the tests that run a compiler")
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    if(XNN_TEST_CLANG)
        list(APPEND test_compilers "${XNN_TEST_CLANG}")
    else()
        message(STATUS "xnn: no clang++ was found; headers and error texts are tested with g++ alone")
    endif()
endif()

# xnn_compiler_name(result compiler): what a test calls a compiler, "g++" also where its file is called "c++".
function(xnn_compiler_name result compiler)
    get_filename_component(name "${compiler}" NAME)
    if(compiler STREQUAL CMAKE_CXX_COMPILER AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
        set(name g++)
    endif()
    set(${result} "${name}" PARENT_SCOPE)
endfunction()

# Include folders of a program with all of xnn, in a file that compilers read. Our own come first and are no system
# headers, so that warnings in them are seen; the compiler's own folder must not be named, or #include_next breaks. There
# is no optimisation: it would cost time, and intrinsics are other things without it.
set(folders "$<TARGET_PROPERTY:test_main,INCLUDE_DIRECTORIES>")
set(folders "$<REMOVE_DUPLICATES:$<FILTER:${folders},EXCLUDE,^(/usr/include|${PROJECT_SOURCE_DIR}/include)$>>")
set(compile_flags "${CMAKE_CURRENT_BINARY_DIR}/compile_flags.txt")
file(GENERATE OUTPUT "${compile_flags}" CONTENT
"-std=c++20
\"-I${PROJECT_SOURCE_DIR}/include\"
$<$<BOOL:${folders}>:\"-isystem$<JOIN:${folders},\"
\"-isystem>\"
>-Wall -Wextra -Wpedantic -Wconversion -Wshadow
$<$<BOOL:${XNN_NATIVE}>:-march=native
>")

# xnn_compile_test(name compiler source flag...): a test that a source compiles, warnings being errors. Objects are
# made, not only syntax checked: ccache keeps the result, so that a second run costs nothing.
function(xnn_compile_test name compiler source)
    string(MAKE_C_IDENTIFIER "${name}" object)
    add_test(NAME "${name}" COMMAND
        ${CMAKE_CXX_COMPILER_LAUNCHER} "${compiler}" "@${compile_flags}" -Werror ${ARGN}
        -c "${source}" -o "${CMAKE_CURRENT_BINARY_DIR}/objects/${object}.o")
endfunction()
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/objects")
