# The package as its users meet it: the program in consume/ is built and run outside the project in every way that the
# project offers. The installation is a fixture, made once.
set(consume_dir "${CMAKE_CURRENT_BINARY_DIR}/consume")
set(consume_prefix "${consume_dir}/prefix")

add_test(NAME "install" COMMAND "${CMAKE_COMMAND}" --install "${PROJECT_BINARY_DIR}" --prefix "${consume_prefix}")
set_tests_properties("install" PROPERTIES FIXTURES_SETUP xnn_installed)

foreach(way IN ITEMS find_package add_subdirectory fetch_content pkg_config debian_package)
    add_test(NAME "consume ${way}" COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/consume/run.sh"
        ${way} "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}" "${consume_prefix}" "${consume_dir}/${way}"
        "${CMAKE_CXX_COMPILER}")
endforeach()
set_tests_properties("consume find_package" "consume pkg_config" PROPERTIES FIXTURES_REQUIRED xnn_installed)
