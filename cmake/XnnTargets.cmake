# The targets of xnn. The source tree and the installed package both include this file, so that a user gets the same
# targets from find_package, add_subdirectory and FetchContent.
#
#   xnn::xnn   the headers, C++20, xtensor, xsimd, xtl, and OpenMP where it is wanted and found
#   xnn::io    xnn::xnn and nlohmann-json, for safetensors checkpoints
#   xnn::pt    xnn::xnn and libzip, for PyTorch's .pt checkpoints and numpy's .npz
#   xnn::data  xnn::xnn and zlib, for gzip data sets
#   xnn::onnx  xnn::xnn, ONNX's C++ library and protobuf, for ONNX files
#   xnn::cuda_host  xnn::xnn and Thrust, for CudaHost: the kernels of Cuda on the host
#   xnn::cuda  the same, cuBLAS and the runtime, for sources that nvcc compiles
#   xnn::cudnn  xnn::cuda with cuDNN 9 or newer, which then computes the convolutions
#
# A component's target exists where its dependency was found.
#
# In:  XNN_INCLUDE_DIR     the folder that holds xnn/
#      XNN_CUDA_INCLUDE_DIR  the folder that holds xnn/cuda.hpp
#      XNN_SYSTEM_HEADERS  SYSTEM, or empty to see warnings in our headers
#      XNN_USE_OPENMP      default ON
# Out: XNN_COMPONENTS      the components that exist
#      XNN_MISSING         one sentence for each thing without which there is no xnn::xnn

if(NOT DEFINED XNN_USE_OPENMP)
    set(XNN_USE_OPENMP ON)
endif()
set(XNN_MISSING "")

function(_xnn_say text)
    if(NOT xnn_FIND_QUIETLY)
        message(STATUS "xnn: ${text}")
    endif()
endfunction()

# Finds a package at or above a version, or adds a sentence to XNN_MISSING. The version is compared here, because a
# package's own version file may call every other minor version incompatible.
macro(_xnn_require package minimum debian)
    find_package(${package} QUIET)
    if(NOT ${package}_FOUND)
        list(APPEND XNN_MISSING "${package} ${minimum} or newer was not found (on Debian: ${debian})")
    elseif(${package}_VERSION VERSION_LESS ${minimum})
        list(APPEND XNN_MISSING "${package} ${minimum} or newer is needed, found ${${package}_VERSION} in ${${package}_DIR}")
    endif()
endmacro()

# xtensor keeps its headers flat (before 0.26) or in folders by subject; xnn/xtensor.hpp knows both.
function(_xnn_xtensor_layout result)
    set(${result} "no known header layout" PARENT_SCOPE)
    get_target_property(folders xtensor INTERFACE_INCLUDE_DIRECTORIES)
    foreach(folder IN LISTS folders)
        if(EXISTS "${folder}/xtensor/containers/xarray.hpp")
            set(${result} "headers in folders by subject, ${folder}" PARENT_SCOPE)
        elseif(EXISTS "${folder}/xtensor/xarray.hpp")
            set(${result} "flat headers, ${folder}" PARENT_SCOPE)
        endif()
    endforeach()
endfunction()

# clang 19 made template template arguments match by the relaxed rules of C++17, under which some xtensor headers are
# ambiguous. The old rule is asked for only where xtensor does not compile without it.
function(_xnn_xtensor_flags result)
    set(${result} "" PARENT_SCOPE)
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
        return()
    endif()
    include(CheckCXXSourceCompiles)
    set(CMAKE_REQUIRED_QUIET ON)
    set(CMAKE_REQUIRED_FLAGS "-std=c++20")
    set(CMAKE_REQUIRED_LIBRARIES xtensor)
    set(source "
        #if __has_include(<xtensor/containers/xarray.hpp>)
        #include <xtensor/containers/xarray.hpp>
        #else
        #include <xtensor/xarray.hpp>
        #endif
        int main() { xt::xarray<float> a = xt::xarray<float>{1.f, 2.f}; return static_cast<int>(a(0)) - 1; }")
    check_cxx_source_compiles("${source}" XNN_XTENSOR_COMPILES)
    if(NOT XNN_XTENSOR_COMPILES)
        set(${result} -fno-relaxed-template-template-args -Wno-deprecated-no-relaxed-template-template-args
            PARENT_SCOPE)
        _xnn_say("this clang needs -fno-relaxed-template-template-args for this xtensor")
    endif()
endfunction()

function(_xnn_component name)
    add_library(xnn_${name} INTERFACE)
    add_library(xnn::${name} ALIAS xnn_${name})
    target_link_libraries(xnn_${name} INTERFACE xnn_xnn ${ARGN})
endfunction()

# Packages make targets for the folder that finds them; a target of ours that names them is used everywhere.
set(_xnn_global "${CMAKE_FIND_PACKAGE_TARGETS_GLOBAL}")
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
_xnn_require(xtl 0.7 xtl-dev)
_xnn_require(xtensor 0.24 libxtensor-dev)
_xnn_require(xsimd 8.1 libxsimd-dev)
if(XNN_USE_OPENMP)
    find_package(OpenMP QUIET COMPONENTS CXX)
endif()
find_package(nlohmann_json QUIET)
find_package(ZLIB QUIET)
find_package(CUDAToolkit QUIET)
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL "${_xnn_global}")
unset(_xnn_global)
# Not by find_package(libzip): Debian's own file for it fails where libzip's command-line tools are not installed.
find_path(XNN_LIBZIP_INCLUDE_DIR zip.h)
find_library(XNN_LIBZIP_LIBRARY zip)
mark_as_advanced(XNN_LIBZIP_INCLUDE_DIR XNN_LIBZIP_LIBRARY)
# Thrust comes with the CUDA toolkit, or alone (on Debian: libthrust-dev).
set(_xnn_thrust_hints ${CUDAToolkit_INCLUDE_DIRS})
list(TRANSFORM _xnn_thrust_hints APPEND /cccl)
find_path(XNN_THRUST_INCLUDE_DIR thrust/version.h HINTS ${_xnn_thrust_hints} ${CUDAToolkit_INCLUDE_DIRS})
mark_as_advanced(XNN_THRUST_INCLUDE_DIR)
# cuDNN has no package of CMake's.
find_path(XNN_CUDNN_INCLUDE_DIR cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(XNN_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
mark_as_advanced(XNN_CUDNN_INCLUDE_DIR XNN_CUDNN_LIBRARY)
# Nor by find_package(ONNX), whose targets name one of protobuf's that it does not look for.
find_path(XNN_ONNX_INCLUDE_DIR onnx/checker.h)
find_library(XNN_ONNX_LIBRARY onnx)
find_library(XNN_ONNX_PROTO_LIBRARY onnx_proto)
find_library(XNN_PROTOBUF_LIBRARY protobuf)
mark_as_advanced(XNN_ONNX_INCLUDE_DIR XNN_ONNX_LIBRARY XNN_ONNX_PROTO_LIBRARY XNN_PROTOBUF_LIBRARY)

if(NOT XNN_MISSING AND NOT TARGET xnn::xnn)
    _xnn_xtensor_layout(_xnn_layout)
    _xnn_say("xtensor ${xtensor_VERSION} (${_xnn_layout}), xsimd ${xsimd_VERSION}, xtl ${xtl_VERSION}")
    _xnn_xtensor_flags(_xnn_flags)

    add_library(xnn_xnn INTERFACE)
    add_library(xnn::xnn ALIAS xnn_xnn)
    target_include_directories(xnn_xnn ${XNN_SYSTEM_HEADERS} INTERFACE "${XNN_INCLUDE_DIR}")
    target_compile_features(xnn_xnn INTERFACE cxx_std_20)
    target_compile_options(xnn_xnn INTERFACE ${_xnn_flags})
    target_link_libraries(xnn_xnn INTERFACE xtensor xsimd xtl)
    if(XNN_USE_OPENMP AND TARGET OpenMP::OpenMP_CXX)
        target_link_libraries(xnn_xnn INTERFACE OpenMP::OpenMP_CXX)
        _xnn_say("loops run in parallel through OpenMP (${OpenMP_CXX_FLAGS})")
    else()
        _xnn_say("loops run serially: OpenMP is off or was not found")
    endif()

    if(TARGET nlohmann_json::nlohmann_json)
        _xnn_component(io nlohmann_json::nlohmann_json)
    endif()
    if(XNN_LIBZIP_INCLUDE_DIR AND XNN_LIBZIP_LIBRARY)
        _xnn_component(pt "${XNN_LIBZIP_LIBRARY}")
        target_include_directories(xnn_pt SYSTEM INTERFACE "${XNN_LIBZIP_INCLUDE_DIR}")
    endif()
    if(TARGET ZLIB::ZLIB)
        _xnn_component(data ZLIB::ZLIB)
    endif()
    if(XNN_THRUST_INCLUDE_DIR)
        _xnn_component(cuda_host)
        target_include_directories(xnn_cuda_host ${XNN_SYSTEM_HEADERS} INTERFACE "${XNN_CUDA_INCLUDE_DIR}")
        # Not for nvcc, which knows its own. SYSTEM: Thrust is not written for our warnings.
        target_include_directories(xnn_cuda_host SYSTEM INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${XNN_THRUST_INCLUDE_DIR}>")
    endif()
    if(TARGET xnn_cuda_host AND TARGET CUDA::cublas)
        _xnn_component(cuda xnn_cuda_host CUDA::cudart CUDA::cublas CUDA::cublasLt)
        # CMake 3.25.1 does not know how nvcc is asked for C++20. The diagnostics are of what nvcc takes for something else:
        # pragmas of GCC, `module` as a name, conversions that nobody makes.
        target_compile_options(xnn_cuda INTERFACE
            "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-std=c++20 -diag-suppress=1675,2189,3189,186,554,128,177>")
    endif()
    if(TARGET xnn_cuda AND XNN_CUDNN_INCLUDE_DIR AND XNN_CUDNN_LIBRARY)
        _xnn_component(cudnn xnn_cuda "${XNN_CUDNN_LIBRARY}")
        target_include_directories(xnn_cudnn SYSTEM INTERFACE "${XNN_CUDNN_INCLUDE_DIR}")
        target_compile_definitions(xnn_cudnn INTERFACE XNN_USE_CUDNN)
    endif()
    if(XNN_ONNX_INCLUDE_DIR AND XNN_ONNX_LIBRARY AND XNN_ONNX_PROTO_LIBRARY AND XNN_PROTOBUF_LIBRARY)
        _xnn_component(onnx "${XNN_ONNX_LIBRARY}" "${XNN_ONNX_PROTO_LIBRARY}" "${XNN_PROTOBUF_LIBRARY}")
        target_include_directories(xnn_onnx SYSTEM INTERFACE "${XNN_ONNX_INCLUDE_DIR}")
    else()
        _xnn_say("no ONNX files: libonnx or protobuf was not found")
    endif()
endif()

set(XNN_COMPONENTS "")
foreach(_xnn_name IN ITEMS io pt data onnx cuda_host cuda cudnn)
    if(TARGET xnn::${_xnn_name})
        list(APPEND XNN_COMPONENTS ${_xnn_name})
    endif()
endforeach()
