#!/usr/bin/env bash
# Installs the Debian packages that are missing, and touches nothing when none is.
#   scripts/setup.sh [ROLE…]   roles: core, tests, onnx, cuda-host, benchmarks, clang19, libtorch; default: core tests
set -euo pipefail

declare -A packages=(
    # what xnn and its examples compile with; ccache and mold only make that faster
    [core]="g++ cmake ninja-build pkg-config libxtensor-dev libxsimd-dev xtl-dev nlohmann-json3-dev libzip-dev zlib1g-dev libcli11-dev ccache mold"
    # the second compiler, one for NEON, and Python for the runners of compile checks
    [tests]="catch2 clang g++-aarch64-linux-gnu python3"
    # ONNX files, and the cases that the way back from them is tested with
    [onnx]="libonnx-dev libprotobuf-dev libonnx-testdata"
    # Thrust, for CudaHost where there is no CUDA toolkit
    [cuda-host]="libthrust-dev"
    # Google Benchmark, the peers that are small, and Python for the compile-time suite and the pictures
    [benchmarks]="libbenchmark-dev libeigen3-dev libopenblas-dev libdnnl-dev python3"
    # the third compiler that the project supports, for the preset clang19
    [clang19]="clang-19"
    # a large peer; a newer one is found through XNN_TORCH_PYTHON
    [libtorch]="libtorch-dev"
)

(($#)) || set -- core tests
wanted=()
for role in "$@"; do
    if [[ -z ${packages[$role]:-} ]]; then
        echo "setup.sh: no role '$role'; roles: ${!packages[*]}" >&2
        exit 2
    fi
    [[ $role == cuda-host && -n $(compgen -G "${CUDA_HOME:-/usr/local/cuda}/include/*/thrust/version.h") ]] && continue
    read -ra names <<<"${packages[$role]}"
    wanted+=("${names[@]}")
done

missing=()
for package in "${wanted[@]}"; do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
        missing+=("$package")
    fi
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "setup.sh: run as root, or install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
echo "setup.sh: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "setup.sh: could not install ${missing[*]}" >&2
    exit 1
fi
