# The suite on the Cuda device: the same tests, with another device as the one of everything that names none.
#
#   cuda_host/…  on CudaHost, the kernels of Cuda through Thrust's host system (OpenMP): some of them in every run; with XNN_TEST_CUDA
#                all, and some also through the other system, plain C++, under the sanitizers (cuda_sanitized/…)
#   gpu/…        on a GPU, with XNN_TEST_GPU: the suite compiled by nvcc, its memory in the host's reach

set(device_areas expr ops nn optim models training io)
set(device_sources ${suite})
list(FILTER device_sources INCLUDE REGEX "^((expr|ops|nn|optim|models|training)/|io/checkpoint)")
# What is about the Cpu, or about no device at all.
list(FILTER device_sources EXCLUDE REGEX "^(expr/meta|expr/spare_buffers|expr/functors|nn/constant|nn/module_texts|nn/traits|training/cost)\\.cpp$")

# xnn_device_tests(program device prefix source...)
function(xnn_device_tests program device prefix)
    add_executable(${program} ${ARGN})
    target_link_libraries(${program} PRIVATE xnn_everything test_main)
    target_compile_definitions(${program} PRIVATE
        XNN_DEFAULT_DEVICE=${device}
        XNN_FIXTURES="${CMAKE_CURRENT_SOURCE_DIR}/fixtures"
        XNN_EXAMPLES_DATA="${PROJECT_SOURCE_DIR}/examples/data")
    target_compile_options(${program} PRIVATE ${XNN_TEST_OPTIMISATION} -UNDEBUG)
    # Threads that spin while they wait take minutes where seconds would do as soon as other tests want the same cores.
    catch_discover_tests(${program} TEST_PREFIX "${prefix}/" PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive)
endfunction()

# xnn_host_tests(prefix options source...): programs test_<prefix>_<area> with the same options, whose headers are compiled once.
function(xnn_host_tests prefix options)
    add_library(${prefix}_options INTERFACE)  # linked last, so that they come after -fopenmp
    # g++ forgets which warnings a header turned off once that is precompiled.
    target_compile_options(${prefix}_options INTERFACE ${options} "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess;-Wno-uninitialized;-Wno-maybe-uninitialized;-Wno-parentheses>")
    target_link_options(${prefix}_options INTERFACE ${options})
    set(first "")
    foreach(area IN ITEMS ${device_areas} cuda)
        set(area_sources ${ARGN})
        list(FILTER area_sources INCLUDE REGEX "^${area}/")
        if(area_sources)
            set(program test_${prefix}_${area})
            xnn_device_tests(${program} CudaHost ${prefix}/${area} ${area_sources})
            target_link_libraries(${program} PRIVATE xnn::cuda_host xnn_development ${prefix}_options)
            if(XNN_CCACHE)  # knows headers that were compiled before under these conditions only
                set_property(TARGET ${program} PROPERTY CXX_COMPILER_LAUNCHER
                    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${XNN_CCACHE}")
            endif()
            if(first)
                target_precompile_headers(${program} REUSE_FROM ${first})
            else()
                target_precompile_headers(${program} PRIVATE <xnn/cuda.hpp> <xnn/xnn.hpp> <catch2/catch.hpp>)
                set(first ${program})
            endif()
        endif()
    endforeach()
endfunction()

if(NOT TARGET xnn::cuda_host)
    xnn_skipped_test("cuda_host" "Thrust was not found (it comes with the CUDA toolkit, or on Debian with libthrust-dev)")
else()
    file(GLOB cuda_sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" cuda/*.cpp)
    if(XNN_TEST_CUDA)
        xnn_host_tests(cuda_host "" ${device_sources} ${cuda_sources})
        # A file or two for each kind of kernel: loops, reductions, scatters and sorts, convolutions, products, teams, steps in time.
        # Through the other system, and not optimised, which takes a third off what these compile in.
        set(some_sources ${device_sources})
        list(FILTER some_sources INCLUDE REGEX
            "^(expr/sharing|ops/(attention|conv|gather)|nn/(class_loss|ctc_loss|embedding_bag|normalization|rnn)|models/tagger|optim/training)\\.cpp$")
        # Thrust binds references to nothing where it chooses a system.
        xnn_host_tests(cuda_sanitized "-O0;-fno-openmp;-fsanitize=address,undefined;-fno-sanitize=null;-fno-sanitize-recover=all;-g1"
            ${some_sources} ${cuda_sources})
    else()
        set(some_sources ${device_sources})
        list(FILTER some_sources INCLUDE REGEX
            "^(expr/sharing|ops/(attention|gather|matmul|reduce)|nn/(class_loss|normalization|pooling|rnn|hooks|traversal)|models/narrow_resnet|optim/training|io/checkpoint)\\.cpp$")
        xnn_host_tests(cuda_host "" ${some_sources} ${cuda_sources})
    endif()
endif()

# A tensor of the host where one of the device is needed does not compile, and the error says so.
if(TARGET xnn::cuda_host)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    set(thrust_flags "-I${PROJECT_SOURCE_DIR}/cuda")
    if(XNN_THRUST_INCLUDE_DIR AND NOT XNN_THRUST_INCLUDE_DIR STREQUAL /usr/include)
        list(APPEND thrust_flags -isystem "${XNN_THRUST_INCLUDE_DIR}")
    endif()
    foreach(case IN ITEMS host_input host_operand)
        add_test(NAME "cuda_host/mistake ${case}" COMMAND
            "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/run.py" "${CMAKE_CURRENT_SOURCE_DIR}/cuda/compile_fail/${case}.cpp"
            -- "${CMAKE_CXX_COMPILER}" "@${compile_flags}" ${thrust_flags})
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
        "^(models/(gpt|mobilenet_training|others|tiny|vgg)|nn/(activation|copies|freeze|hooks|init|module|module_containers|pooling|print|rnn|unbatched)|optim/(lr_scheduler|optimizer)|training/recurrent|cuda/sets)\\.cpp$")
    foreach(source IN LISTS gpu_sources)
        string(REPLACE .cpp .cu copy "${CMAKE_CURRENT_BINARY_DIR}/gpu/${source}")
        file(CONFIGURE OUTPUT "${copy}" CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/${source}\"\n")
        string(MAKE_C_IDENTIFIER "${source}" name)
        get_filename_component(area "${source}" DIRECTORY)
        xnn_device_tests(test_gpu_${name} Cuda gpu/${area} "${copy}")
        target_link_libraries(test_gpu_${name} PRIVATE xnn::cuda)
        target_compile_options(test_gpu_${name} PRIVATE "SHELL:-include xnn/cuda.hpp")
        target_compile_definitions(test_gpu_${name} PRIVATE XNN_CUDA_MEMORY_ON_HOST)
    endforeach()
endif()

if(XNN_TEST_CUDA)
    include(cmake/nvcc.cmake)
endif()
include(cmake/cuda_fake.cmake)
include(cmake/cudnn.cmake)
