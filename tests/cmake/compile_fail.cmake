# Mistakes that must not compile, with the words that the first error must hold; compile_fail/run.py says how a case
# is written.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

file(GLOB cases CONFIGURE_DEPENDS compile_fail/*.cpp)
foreach(case IN LISTS cases)
    get_filename_component(case_name "${case}" NAME_WE)
    foreach(compiler IN LISTS test_compilers)
        xnn_compiler_name(compiler_name "${compiler}")
        add_test(NAME "mistake ${case_name} (${compiler_name})" COMMAND
            "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/run.py"
            "${case}" -- "${compiler}" "@${compile_flags}")
    endforeach()
endforeach()
