#!/usr/bin/env bash
# Builds the suite for this machine's NVIDIA GPU, runs it there, and times training steps, beside PyTorch's where there is one.
#   scripts/gpu.sh [CTEST OPTION…]
# PYTHON names a Python with PyTorch, default python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v nvidia-smi >/dev/null && nvidia-smi -L | grep -q GPU || { echo "gpu.sh: skipped: this machine has no NVIDIA GPU"; exit 0; }
scripts/setup.sh core tests

cmake --preset gpu -DCMAKE_CUDA_ARCHITECTURES=native
cmake --build --preset gpu -- -k 0 || echo "gpu.sh: some tests did not build: docs/cuda.md says which do not, and why"
status=0
ctest --preset gpu "$@" || status=$?

nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
"$nvcc" -std=c++20 -O2 -arch=native -diag-suppress=1675,2189,3189,186,554,128,177 -Iinclude -Icuda -Ibenchmarks/harness \
    benchmarks/cuda/steps.cu -o build/gpu/steps -lcublas -lcublasLt
build/gpu/steps
"${PYTHON:-python3}" -c 'import torch' 2>/dev/null && "${PYTHON:-python3}" benchmarks/cuda/steps_torch.py
if command -v compute-sanitizer >/dev/null; then compute-sanitizer build/gpu/steps mlp; fi
exit "$status"
