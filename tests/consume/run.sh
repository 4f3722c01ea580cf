#!/usr/bin/env bash
# run.sh WAY SOURCE BUILD PREFIX WORK COMPILER: builds and runs the program in this folder outside the project.
#   WAY     find_package, add_subdirectory, fetch_content, pkg_config or debian_package
#   SOURCE  the project; BUILD its build folder; PREFIX where it has been installed
#   WORK    a folder of this test's own
set -euo pipefail
way=$1 source=$2 build=$3 prefix=$4 work=$5 compiler=$6
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rm -rf "$work"
mkdir -p "$work"

# with_cmake WAY OPTION...
with_cmake() {
    cmake -S "$here" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
        -DXNN_WAY="$1" -DXNN_SOURCE="$source" "${@:2}"
    cmake --build "$work/build"
    "$work/build/consumer"
}

# An installation that is found by its place must have been found there, not somewhere else on the machine.
found_in() {
    grep -q "^xnn_DIR:PATH=$1/" "$work/build/CMakeCache.txt" || { echo "another xnn was found"; exit 1; }
}

case $way in
find_package)
    with_cmake find_package -DCMAKE_PREFIX_PATH="$prefix"
    found_in "$prefix"
    ;;
add_subdirectory | fetch_content)
    with_cmake "$way"
    ;;
pkg_config)
    export PKG_CONFIG_PATH="$prefix/share/pkgconfig"
    folder=$(pkg-config --variable=pcfiledir xnn)
    [[ ${folder//\\/} == "$prefix/"* ]] || { echo "another xnn was found: $folder"; exit 1; }
    eval "flags=($(pkg-config --cflags --libs xnn))"  # pkg-config quotes for a shell
    # shellcheck disable=SC2154 # flags is set by eval
    "$compiler" -std=c++20 -O1 -Wall -Wextra -Werror "${flags[@]}" "$here/main.cpp" -o "$work/consumer"
    "$work/consumer"
    ;;
debian_package)
    (cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work")
    package=$(echo "$work"/libxnn-dev_*_all.deb)
    dpkg-deb --info "$package"
    dpkg-deb --extract "$package" "$work/root"
    with_cmake find_package -DCMAKE_PREFIX_PATH="$work/root/usr"
    found_in "$work/root/usr"
    ;;
*)
    echo "unknown way: $way" >&2
    exit 2
    ;;
esac
