#!/usr/bin/env bash
# Builds and runs benchmark suites and prints how we compare with the peers that are installed.
#   scripts/bench.sh [OPTION…] SUITE…    suite "all" is every one
#     --list         names the suites
#     --json FILE    writes the results of all suites
#     --quick        few and short rounds: a look, not a measurement
#     --threads N    for us and for every peer; default 1
#     --filter TEXT  only works whose name holds TEXT
# A table at the end says which targets are reached. Missing one is no error; a wrong result and a crash are. Pictures and
# results stay in build/benchmark/results. PyTorch's own libtorch is a peer where XNN_TORCH_PYTHON names a Python that has it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/benchmark

# A suite is benchmarks/<area>/<name>.cpp; <name>.<peer>.cpp belongs to it, harness/ and compile/ are not suites.
list_suites() {
    local source name
    for source in "$root"/benchmarks/*/*.cpp; do
        name=$(basename "$source" .cpp)
        case $source in */harness/* | */compile/*) continue ;; esac
        [[ $name == *.* ]] || echo "$name"
    done | sort
    echo compile
}

mapfile -t known < <(list_suites)

usage() {
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

suites=() options=() json="" threads=1
while (($#)); do
    case $1 in
    --list) printf '%s\n' "${known[@]}" && exit ;;
    --json) json=${2:?--json needs a file} && shift ;;
    --quick) options+=(--quick) ;;
    --threads) threads=${2:?--threads needs a number} && shift ;;
    --filter) options+=(--filter "${2:?--filter needs a text}") && shift ;;
    -*) usage ;;
    all) suites+=("${known[@]}") ;;
    *) suites+=("$1") ;;
    esac
    shift
done
((${#suites[@]})) || usage
for suite in "${suites[@]}"; do
    [[ " ${known[*]} " == *" $suite "* ]] || { echo "bench.sh: no suite '$suite'; --list names them" >&2; exit 2; }
done

"$root/scripts/setup.sh" core benchmarks
targets=()
for suite in "${suites[@]}"; do
    [[ $suite == compile ]] || targets+=("bench_$suite")
done
if ((${#targets[@]})); then
    started=$SECONDS
    torch=()
    [[ -z ${XNN_TORCH_PYTHON:-} ]] || torch=(-DXNN_TORCH_PYTHON="$XNN_TORCH_PYTHON")
    (cd "$root" && cmake --preset benchmark "${torch[@]}" | grep -E '^-- xnn:|rror' >&2)
    cmake --build "$build" --target "${targets[@]}" -j 2 >&2
    echo "bench.sh: built in $((SECONDS - started)) s" >&2
fi

# The same conditions for everyone: no variable that makes OpenBLAS choose a slower kernel, the same number of threads in
# every library, AVX-512 in libtorch where the processor has it, and no page faults for large temporaries.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE NVPL_BLAS_DEBUG_CPU_TYPE
export OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
export MALLOC_MMAP_THRESHOLD_=2000000000 MALLOC_TRIM_THRESHOLD_=4000000000
if grep -q avx512f /proc/cpuinfo; then export ATEN_CPU_CAPABILITY=avx512; fi

results=$build/results
mkdir -p "$results"
files=() status=0 started=$SECONDS
for suite in "${suites[@]}"; do
    file=$results/$suite.json
    rm -f "$file"
    if [[ $suite == compile ]]; then
        python3 "$root/benchmarks/compile/run.py" --json "$file" "${options[@]}" || status=1
    else
        "$build/benchmarks/bench_$suite" --json "$file" --threads "$threads" "${options[@]}" || status=1
        if [[ -s $file ]]; then
            python3 "$root/benchmarks/harness/draw.py" "$file" "$results/$suite.svg"
            echo "picture: $results/$suite.svg"
        fi
    fi
    echo
    [[ ! -s $file ]] || files+=("$file")
done
if ((${#files[@]})); then
    python3 "$root/benchmarks/harness/targets.py" "${files[@]}"
    [[ -z $json ]] || python3 "$root/benchmarks/harness/results.py" merge "$json" "${files[@]}"
fi
echo "bench.sh: measured in $((SECONDS - started)) s" >&2
exit "$status"
