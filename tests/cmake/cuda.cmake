# The suite on the Cuda device: the same tests, with another device as the one of everything that names none.
#
#   cuda_host/…  on CudaHost, the kernels of Cuda through Thrust's host system: some of them in every run, all with XNN_TEST_CUDA
#   gpu/…        on a GPU, with XNN_TEST_GPU: the suite compiled by nvcc, its memory in the host's reach

set(device_areas expr ops nn optim models training io)
set(device_sources ${suite})
list(FILTER device_sources INCLUDE REGEX "^((expr|ops|nn|optim|models|training)/|io/checkpoint)")
# What is about the Cpu, or about no device at all.
list(FILTER device_sources EXCLUDE REGEX "^(expr/meta|expr/functors|nn/constant|nn/module_texts|nn/traits|training/cost)\\.cpp$")

# xnn_device_tests(program device prefix source...)
function(xnn_device_tests program device prefix)
    add_executable(${program} ${ARGN})
    target_link_libraries(${program} PRIVATE xnn_everything test_main)
    target_compile_definitions(${program} PRIVATE
        XNN_DEFAULT_DEVICE=${device}
        XNN_FIXTURES="${CMAKE_CURRENT_SOURCE_DIR}/fixtures"
        XNN_EXAMPLES_DATA="${PROJECT_SOURCE_DIR}/examples/data")
    target_compile_options(${program} PRIVATE ${XNN_TEST_OPTIMISATION} -UNDEBUG "SHELL:-include xnn/cuda.hpp")
    catch_discover_tests(${program} TEST_PREFIX "${prefix}/")
endfunction()

if(NOT TARGET xnn::cuda_host)
    xnn_skipped_test("cuda_host" "Thrust was not found (it comes with the CUDA toolkit, or on Debian with libthrust-dev)")
else()
    set(host_sources ${device_sources})
    if(NOT XNN_TEST_CUDA)
        list(FILTER host_sources INCLUDE REGEX
            "^(expr/sharing|ops/(reduce|view|matmul|gather)|nn/(class_loss|normalization|pooling|attention|rnn|hooks|traversal)|models/narrow_resnet|optim/training|io/checkpoint)\\.cpp$")
    endif()
    file(GLOB cuda_sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" cuda/*.cpp)
    list(APPEND host_sources ${cuda_sources})
    foreach(area IN ITEMS ${device_areas} cuda)
        set(area_sources ${host_sources})
        list(FILTER area_sources INCLUDE REGEX "^${area}/")
        if(area_sources)
            xnn_device_tests(test_cuda_host_${area} CudaHost cuda_host/${area} ${area_sources})
            target_link_libraries(test_cuda_host_${area} PRIVATE xnn::cuda_host xnn_development)
        endif()
    endforeach()
endif()

if(XNN_TEST_GPU)
    if(NOT TARGET xnn::cuda)
        message(FATAL_ERROR "XNN_TEST_GPU needs a CUDA toolkit")
    endif()
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        set(CMAKE_CUDA_ARCHITECTURES 80 90)
    endif()
    enable_language(CUDA)
    set(gpu_sources ${device_sources} ${cuda_sources})
    # What runs a user's loops on the host, or counts calls there; and what nvcc does not compile: docs/cuda.md says why.
    list(FILTER gpu_sources EXCLUDE REGEX "^(expr/(fusion|parts|sharing)|ops/operators|io/checkpoint)\\.cpp$")
    list(FILTER gpu_sources EXCLUDE REGEX
        "^(models/(gpt|mobilenet_training|others|tiny|vgg)|nn/(activation|copies|freeze|hooks|init|module|module_containers|pooling|print|rnn|sparse_gradients|unbatched)|optim/(lr_scheduler|optimizer)|training/recurrent|cuda/sets)\\.cpp$")
    foreach(source IN LISTS gpu_sources)
        string(REPLACE .cpp .cu copy "${CMAKE_CURRENT_BINARY_DIR}/gpu/${source}")
        file(CONFIGURE OUTPUT "${copy}" CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${source}\"\n")
        string(MAKE_C_IDENTIFIER "${source}" name)
        get_filename_component(area "${source}" DIRECTORY)
        xnn_device_tests(test_gpu_${name} Cuda gpu/${area} "${copy}")
        target_link_libraries(test_gpu_${name} PRIVATE xnn::cuda)
        target_compile_definitions(test_gpu_${name} PRIVATE XNN_CUDA_MEMORY_ON_HOST)
    endforeach()
endif()
include(cmake/cuda_fake.cmake)
