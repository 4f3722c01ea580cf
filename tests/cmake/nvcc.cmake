# What only nvcc sees: all operations, LeNet, ResNet-18 and a GPT compile for real GPUs and link; no kernel keeps its work in memory
# instead of registers; a chain of operations is one kernel that moves 16 bytes at a time. cuda/nvcc/check.py says what is asked.
find_program(XNN_TEST_NVCC nvcc HINTS ${CUDAToolkit_BIN_DIR} /usr/local/cuda/bin DOC "nvcc, for tests of what it makes of the kernels")
if(NOT XNN_TEST_NVCC OR NOT TARGET xnn::cuda)
    xnn_skipped_test("cuda_nvcc" "there is no CUDA toolkit with nvcc and cuBLAS")
    return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(nvcc_command "${XNN_TEST_NVCC}" -std=c++20 -diag-suppress=1675,2189,3189,186,554,128,177 --Werror cross-execution-space-call
    "-I${PROJECT_SOURCE_DIR}/include" "-I${PROJECT_SOURCE_DIR}/cuda")
set(nvcc_check "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/cuda/nvcc/check.py")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/nvcc")

add_test(NAME "cuda_nvcc/a chain is one kernel" COMMAND ${nvcc_check} chain "${CMAKE_CURRENT_SOURCE_DIR}/cuda/nvcc/chain.cu"
    "${CMAKE_CURRENT_BINARY_DIR}/nvcc/chain.ptx" -- ${nvcc_command} -arch=sm_80)
# Both architectures in one call: what is the same for both is done once.
set(nvcc_architectures -gencode=arch=compute_80,code=sm_80 -gencode=arch=compute_90,code=sm_90)
foreach(program IN ITEMS operations gpt resnet18 lenet)
    add_test(NAME "cuda_nvcc/${program} for sm_80 and sm_90" COMMAND ${nvcc_check} program
        "${CMAKE_CURRENT_SOURCE_DIR}/cuda/nvcc/${program}.cu" "${CMAKE_CURRENT_BINARY_DIR}/nvcc/${program}"
        -- ${nvcc_command} ${nvcc_architectures} -lcublas -lcublasLt)
    set_tests_properties("cuda_nvcc/${program} for sm_80 and sm_90" PROPERTIES TIMEOUT 1500)
endforeach()
# The longest of all tests first, so that the others run beside it.
set_tests_properties("cuda_nvcc/operations for sm_80 and sm_90" PROPERTIES COST 1000)

add_test(NAME "cuda_nvcc/kernels that keep their work in memory are refused" COMMAND ${nvcc_check} program
    "${CMAKE_CURRENT_SOURCE_DIR}/cuda/nvcc/refused.cu" "${CMAKE_CURRENT_BINARY_DIR}/nvcc/refused" -- ${nvcc_command} ${nvcc_architectures})
set_tests_properties("cuda_nvcc/kernels that keep their work in memory are refused" PROPERTIES
    PASS_REGULAR_EXPRESSION "12 kernels for sm_80 and sm_90, 8 keep their work in memory")
