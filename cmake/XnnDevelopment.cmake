# How the project compiles its own tests, examples and benchmarks. None of it reaches users of xnn::xnn.
include(CheckLinkerFlag)

# One target carries all flags; xnn_program() links it.
add_library(xnn_development INTERFACE)
target_compile_options(xnn_development INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>  # false for "text" + std::string
    $<$<BOOL:${XNN_WERROR}>:-Werror>
    $<$<BOOL:${XNN_NATIVE}>:-march=native>)
if(XNN_SANITIZE)
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # g++ says itself that this warning is wrong too often under the sanitizers
    target_compile_options(xnn_development INTERFACE ${flags} -g1 $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(xnn_development INTERFACE ${flags})
endif()

# Everything that a program of ours may need.
add_library(xnn_everything INTERFACE)
foreach(component IN ITEMS io pt data)
    if(NOT component IN_LIST XNN_COMPONENTS)
        message(FATAL_ERROR "xnn's own tests, examples and benchmarks need xnn::${component}, whose dependency was not "
            "found. scripts/setup.sh installs it on Debian; XNN_BUILD_TESTS, XNN_BUILD_EXAMPLES and "
            "XNN_BUILD_BENCHMARKS turn them off.")
    endif()
    target_link_libraries(xnn_everything INTERFACE xnn::${component})
endforeach()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(PROJECT_IS_TOP_LEVEL)
    find_program(XNN_CCACHE ccache)
    if(XNN_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER "${XNN_CCACHE}")
        message(STATUS "xnn: compiling through ${XNN_CCACHE}")
    endif()
    find_program(XNN_MOLD mold)
    if(XNN_MOLD)
        check_linker_flag(CXX -fuse-ld=mold XNN_MOLD_WORKS)
        if(XNN_MOLD_WORKS)
            add_link_options(-fuse-ld=mold)
        endif()
    endif()
endif()

# xnn_program(target source...): an executable of ours, with all of xnn and our flags.
function(xnn_program target)
    add_executable(${target} ${ARGN})
    target_link_libraries(${target} PRIVATE xnn_everything xnn_development)
endfunction()
