# Every header compiles alone, and twice in one translation unit. clang reads all of them in one: what it finds missing
# in a single header, g++ does too, because both use the same C++ library. And all of them compile in the other order, for
# a name of one must not hide another's.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/*.hpp")
if(NOT TARGET xnn::onnx)
    list(FILTER headers EXCLUDE REGEX "^xnn/io/onnx[./]")
endif()
list(REVERSE headers)  # not the order in which they are written

set(every_header "")
set(every_header_backwards "")
list(GET test_compilers 0 compiler)
xnn_compiler_name(compiler_name "${compiler}")
foreach(header IN LISTS headers)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/headers/${header}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n#include <${header}>\n")
    xnn_compile_test("header ${header} (${compiler_name})" "${compiler}" "${source}")
    string(APPEND every_header "#include <${header}>\n")
    string(PREPEND every_header_backwards "#include <${header}>\n")
endforeach()

file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/headers/every_backwards.cpp" CONTENT "${every_header_backwards}")
xnn_compile_test("every header backwards (${compiler_name})" "${compiler}" "${CMAKE_CURRENT_BINARY_DIR}/headers/every_backwards.cpp")

file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/headers/every.cpp" CONTENT "${every_header}")
foreach(compiler IN LISTS test_compilers)
    xnn_compiler_name(compiler_name "${compiler}")
    xnn_compile_test("every header (${compiler_name})" "${compiler}" "${CMAKE_CURRENT_BINARY_DIR}/headers/every.cpp")
endforeach()
