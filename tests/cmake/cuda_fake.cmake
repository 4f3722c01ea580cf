# The Cuda device on a CUDA runtime and a cuBLAS of our own, which count what the host asks for: nvcc's code without a GPU.
#
# By custom commands: CMake 3.25.1 does not know how nvcc is asked for C++20, and a language that is enabled brings its own runtime.
# The kernels are compiled as PTX only, and without optimisation: nothing runs them.

if(NOT XNN_TEST_CUDA)
    return()
endif()
find_program(XNN_NVCC nvcc HINTS "${CUDAToolkit_BIN_DIR}" DOC "The CUDA compiler, for tests that need no GPU")
if(NOT TARGET xnn::cuda OR NOT XNN_NVCC)
    xnn_skipped_test("cuda_fake" "a CUDA toolkit with nvcc was not found")
    return()
endif()

set(nvcc_flags
    -std=c++20 -Xcicc=-O0 -Xcompiler=-O0 -gencode=arch=compute_90,code=compute_90 --cudart=none -diag-suppress=1675,2189,3189,186,554,128,177
    -DXNN_DEFAULT_DEVICE=Cuda "-I${PROJECT_SOURCE_DIR}/include" "-I${PROJECT_SOURCE_DIR}/cuda"
    "-I$<JOIN:$<REMOVE_DUPLICATES:$<FILTER:$<TARGET_PROPERTY:test_main,INCLUDE_DIRECTORIES>,EXCLUDE,^(/usr/include|${PROJECT_SOURCE_DIR}/include)$>>,;-I>")

# xnn_fake_program(name folder options source...): a program of all .cu of a folder, which nvcc compiles with the options, and of the sources.
function(xnn_fake_program name folder options)
    file(GLOB device_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cu")
    file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${name}")
    set(objects "")
    foreach(source IN LISTS device_sources)
        get_filename_component(stem "${source}" NAME_WE)
        set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}/${stem}.o")
        add_custom_command(OUTPUT "${object}"
            COMMAND "${XNN_NVCC}" "${nvcc_flags}" ${options} -MD -MF "${object}.d" -c "${source}" -o "${object}"
            DEPENDS "${source}" DEPFILE "${object}.d" COMMENT "nvcc ${stem}.cu" COMMAND_EXPAND_LISTS VERBATIM)
        list(APPEND objects "${object}")
    endforeach()
    add_executable(test_${name} cuda/fake/runtime.cpp cuda/fake/blas.cpp ${ARGN} ${objects})
    set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    target_include_directories(test_${name} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
    target_link_libraries(test_${name} PRIVATE xnn_everything xnn_development test_main ${CMAKE_DL_LIBS})
    target_compile_options(test_${name} PRIVATE ${XNN_TEST_OPTIMISATION} -UNDEBUG)
    catch_discover_tests(test_${name} TEST_PREFIX "${name}/" PROPERTIES LABELS cuda)
endfunction()

xnn_fake_program(cuda_fake cuda/fake "")
