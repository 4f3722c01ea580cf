# Convolutions by cuDNN: what it is given, judged by a cuDNN of our own; and a project that asks for it, with NVIDIA's.
if(NOT XNN_TEST_CUDA AND NOT XNN_TEST_GPU)
    return()
endif()
find_program(XNN_NVCC nvcc HINTS "${CUDAToolkit_BIN_DIR}" DOC "The CUDA compiler, for tests that need no GPU")
if(NOT TARGET xnn::cudnn OR NOT XNN_NVCC)
    xnn_skipped_test("cuda_cudnn" "cuDNN 9 or nvcc was not found")
    return()
endif()

set(cudnn_prefix gpu/cudnn)
if(XNN_TEST_CUDA)
    set(cudnn_prefix cuda_cudnn)
    xnn_fake_program(cuda_fake_cudnn cuda/fake/cudnn "-DXNN_USE_CUDNN;-I${XNN_CUDNN_INCLUDE_DIR}" cuda/fake/cudnn/dnn.cpp)
    target_include_directories(test_cuda_fake_cudnn SYSTEM PRIVATE "${XNN_CUDNN_INCLUDE_DIR}")
endif()

set(cudnn_dir "${CMAKE_CURRENT_BINARY_DIR}/cudnn")
set(cudnn_architectures 90)
if(XNN_TEST_GPU AND CMAKE_CUDA_ARCHITECTURES)
    set(cudnn_architectures "${CMAKE_CUDA_ARCHITECTURES}")
endif()
add_test(NAME "${cudnn_prefix}/install" COMMAND "${CMAKE_COMMAND}" --install "${PROJECT_BINARY_DIR}" --prefix "${cudnn_dir}/prefix")
set_tests_properties("${cudnn_prefix}/install" PROPERTIES FIXTURES_SETUP xnn_installed_for_cudnn)
add_test(NAME "${cudnn_prefix}/a project with cuDNN" COMMAND "${CMAKE_CTEST_COMMAND}"
    --build-and-test "${CMAKE_CURRENT_SOURCE_DIR}/cuda/cudnn" "${cudnn_dir}/build" --build-generator "${CMAKE_GENERATOR}" --build-noclean
    --build-options "-DCMAKE_PREFIX_PATH=${cudnn_dir}/prefix" "-DCMAKE_CUDA_COMPILER=${XNN_NVCC}" "-DCMAKE_CUDA_ARCHITECTURES=${cudnn_architectures}"
    --test-command cudnn_consumer)
add_test(NAME "${cudnn_prefix}/a project without cuDNN" COMMAND "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_SOURCE_DIR}/cuda/cudnn" -B "${cudnn_dir}/without"
    "-DCMAKE_PREFIX_PATH=${cudnn_dir}/prefix" "-DCMAKE_CUDA_COMPILER=${XNN_NVCC}" -DXNN_CUDNN_LIBRARY=)
set_tests_properties("${cudnn_prefix}/a project without cuDNN" PROPERTIES PASS_REGULAR_EXPRESSION "component cudnn needs [^.]*cuDNN")
set_tests_properties("${cudnn_prefix}/a project with cuDNN" "${cudnn_prefix}/a project without cuDNN" PROPERTIES FIXTURES_REQUIRED xnn_installed_for_cudnn)
