# Every example in README.md and docs/ compiles, and those marked for it run; extract_examples.py says how they are
# written. The sources are made when CMake runs, and CMake runs again when a page changes.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs/*.md")
if(NOT TARGET xnn::onnx)
    list(FILTER pages EXCLUDE REGEX "/docs/onnx.md$")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages} cmake/extract_examples.py)
execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/cmake/extract_examples.py"
        "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_BINARY_DIR}/examples" ${pages}
    OUTPUT_VARIABLE examples OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)

# One line for each example: compile or run, its place, its source.
string(REPLACE "\n" ";" examples "${examples}")
foreach(example IN LISTS examples)
    string(REPLACE "|" ";" example "${example}")
    list(GET example 0 action)
    list(GET example 1 place)
    list(GET example 2 source)
    if(action STREQUAL run)
        string(MAKE_C_IDENTIFIER "${place}" identifier)
        xnn_program(example_in_${identifier} "${source}")
        target_compile_options(example_in_${identifier} PRIVATE ${XNN_TEST_OPTIMISATION} -Wno-unused -Wno-shadow)
        add_test(NAME "example in ${place}" COMMAND example_in_${identifier}
            WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
    elseif(XNN_TEST_TOOLING)
        xnn_compile_test("example in ${place}" "${CMAKE_CXX_COMPILER}" "${source}" -Wno-unused -Wno-shadow)
    endif()
endforeach()
