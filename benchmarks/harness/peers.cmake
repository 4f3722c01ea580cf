# The libraries that benchmarks compare with: each optional, an option each, and the configuration says what it found.
#
# Out: peer_<name>       a target for each peer that was found
#      peer_targets      those that a suite's own file may use: all but libtorch
#      peer_definitions  XNN_BENCH_EIGEN and so on, 0 or 1
#      peer_versions     one line of text

option(XNN_BENCH_WITH_EIGEN "Compare with Eigen" ON)
option(XNN_BENCH_WITH_OPENBLAS "Compare with OpenBLAS" ON)
option(XNN_BENCH_WITH_ONEDNN "Compare with oneDNN" ON)
option(XNN_BENCH_WITH_LIBTORCH "Compare with libtorch" ON)
set(XNN_TORCH_PYTHON "" CACHE FILEPATH "A Python that has PyTorch, whose libtorch is the peer")

set(peer_targets "")
set(peer_definitions "")
set(peer_versions "")

# add_peer(name version): after peer_<name> has been made, or not
macro(add_peer name version)
    string(TOUPPER ${name} upper)
    if(TARGET peer_${name})
        list(APPEND peer_targets peer_${name})
        list(APPEND peer_definitions XNN_BENCH_${upper}=1)
        string(APPEND peer_versions "${name} ${version}, ")
        message(STATUS "xnn: peer ${name} ${version}")
    else()
        list(APPEND peer_definitions XNN_BENCH_${upper}=0)
        message(STATUS "xnn: peer ${name} is off or was not found")
    endif()
endmacro()

# libtorch: Debian's package, or the one inside PyTorch's wheel. The wheel's own CMake files ask for the CUDA toolkit that
# it was built with, which a CPU benchmark does not need, so its libraries are named here. They are link options, because
# these come first: libtorch and OpenBLAS both export sgemm_, and the first library on the line is the one that libtorch
# itself calls. (The wheel's libgomp is then the only one in the process, too.)
if(XNN_BENCH_WITH_LIBTORCH)
    set(torch_root "")
    foreach(python IN ITEMS "${XNN_TORCH_PYTHON}" python3)
        if(python AND NOT torch_root)
            execute_process(
                COMMAND "${python}" -c "import torch; print(torch.__version__, torch.utils.cmake_prefix_path, sep=';')"
                OUTPUT_VARIABLE torch_found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
            if(torch_found)
                list(GET torch_found 0 torch_version)
                list(GET torch_found 1 torch_root)
                cmake_path(SET torch_root NORMALIZE "${torch_root}/../..")
            endif()
        endif()
    endforeach()
    find_path(XNN_TORCH_INCLUDE torch/csrc/api/include/torch/torch.h HINTS "${torch_root}/include")
    find_library(XNN_TORCH_CPU torch_cpu HINTS "${torch_root}/lib")
    find_library(XNN_TORCH_C10 c10 HINTS "${torch_root}/lib")
    if(XNN_TORCH_INCLUDE AND XNN_TORCH_CPU AND XNN_TORCH_C10)
        add_library(peer_libtorch INTERFACE)
        target_include_directories(peer_libtorch SYSTEM INTERFACE
            "${XNN_TORCH_INCLUDE}" "${XNN_TORCH_INCLUDE}/torch/csrc/api/include")
        cmake_path(GET XNN_TORCH_CPU PARENT_PATH torch_lib)
        target_link_options(peer_libtorch INTERFACE
            "LINKER:--no-as-needed" "-L${torch_lib}" -ltorch_cpu -lc10 "LINKER:-rpath,${torch_lib}")
        # The wheel's libraries find what they load in turn; the linker must be told where that is.
        file(GLOB torch_needs "${torch_root}/../nvidia/*/lib")
        foreach(folder IN LISTS torch_lib torch_needs)
            target_link_options(peer_libtorch INTERFACE "LINKER:-rpath-link,${folder}")
        endforeach()
    endif()
endif()
add_peer(libtorch "${torch_version}")
list(REMOVE_ITEM peer_targets peer_libtorch)

if(XNN_BENCH_WITH_ONEDNN)
    find_path(XNN_ONEDNN_INCLUDE oneapi/dnnl/dnnl.hpp)
    find_library(XNN_ONEDNN_LIBRARY dnnl)
    if(XNN_ONEDNN_INCLUDE AND XNN_ONEDNN_LIBRARY)
        file(STRINGS "${XNN_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_version.h" onednn_version REGEX "define DNNL_VERSION_M|_PATCH ")
        string(REGEX REPLACE "[^0-9;]" "" onednn_version "${onednn_version}")
        string(REPLACE ";" "." onednn_version "${onednn_version}")
        add_library(peer_onednn INTERFACE)
        target_include_directories(peer_onednn SYSTEM INTERFACE "${XNN_ONEDNN_INCLUDE}")
        target_link_libraries(peer_onednn INTERFACE "${XNN_ONEDNN_LIBRARY}")
    endif()
endif()
add_peer(onednn "${onednn_version}")

if(XNN_BENCH_WITH_OPENBLAS)
    find_package(OpenBLAS QUIET)
    if(OpenBLAS_FOUND)
        add_library(peer_openblas INTERFACE)
        target_include_directories(peer_openblas SYSTEM INTERFACE ${OpenBLAS_INCLUDE_DIRS})
        target_link_libraries(peer_openblas INTERFACE ${OpenBLAS_LIBRARIES})
    endif()
endif()
add_peer(openblas "${OpenBLAS_VERSION}")

if(XNN_BENCH_WITH_EIGEN)
    find_package(Eigen3 QUIET NO_MODULE)
    if(TARGET Eigen3::Eigen)
        add_library(peer_eigen INTERFACE)
        target_link_libraries(peer_eigen INTERFACE Eigen3::Eigen)
    endif()
endif()
add_peer(eigen "${Eigen3_VERSION}")
string(REGEX REPLACE ", $" "" peer_versions "${peer_versions}")
