#!/usr/bin/env bash
# Builds the fuzzers of the readers with clang and runs each; stops at the first finding, whose input it names.
#   scripts/fuzz.sh [SECONDS [FUZZER…]]   600 seconds each by default; fuzzers: safetensors, npy, npz, pt, pickle, onnx
#   CXX names the compiler, default clang++
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-600}
fuzzers=("${@:2}")
((${#fuzzers[@]})) || fuzzers=(safetensors npy npz pt pickle onnx)

build=build/fuzz
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="${CXX:-clang++}" -DXNN_USE_OPENMP=OFF \
    -DXNN_BUILD_TESTS=OFF -DXNN_BUILD_EXAMPLES=OFF -DXNN_BUILD_FUZZERS=ON
cmake --build "$build" -j1 -- "${fuzzers[@]/#/fuzz_}"

# Files that are good, or nearly so, are what the fuzzers begin with.
seeds=$build/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{safetensors,npy,npz,pt,pickle,onnx}
cp tests/fixtures/formats/*.safetensors "$seeds/safetensors"
cp tests/fixtures/formats/*.npy "$seeds/npy"
cp tests/fixtures/formats/*.npz "$seeds/npz"
find /usr/share/libonnx-testdata/data -name model.onnx -size -4k -exec sh -c 'cp "$1" "$2/$(basename "$(dirname "$1")")"' _ {} "$seeds/onnx" \; || true
find tests/fixtures/checkpoints -name '*.pt' -size -16k -exec cp {} "$seeds/pt" \;
python3 - "$seeds" <<'END'
import pathlib, sys, zipfile
seeds = pathlib.Path(sys.argv[1])
for path in (seeds / "pt").iterdir():
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            (seeds / "pickle" / path.stem).write_bytes(archive.read(name))
END

for fuzzer in "${fuzzers[@]}"; do
    mkdir -p "$build/corpus/$fuzzer"
    echo "fuzz.sh: $fuzzer for $seconds s"
    "$build/tests/fuzz/fuzz_$fuzzer" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/finding-$fuzzer-" "$build/corpus/$fuzzer" "$seeds/$fuzzer"
done
echo "fuzz.sh: no finding"
