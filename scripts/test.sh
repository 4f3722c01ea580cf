#!/usr/bin/env bash
# Builds and runs every test. The last line is "N passed, M failed", and what was skipped, if anything; the exit status is 0 only
# if M is 0 and N is not.
#   scripts/test.sh [--sanitize | --cuda | --preset NAME] [CTEST OPTION…]
#     --sanitize      with AddressSanitizer and UndefinedBehaviorSanitizer
#     --cuda          the suite on CudaHost, the kernels of the GPU on the host, and what nvcc makes of them where it is installed
#     --preset NAME   another preset with tests: debug, clang14, clang19
#     CTEST OPTION    for example -R core, to run only some
# ONNX files are run in ONNX Runtime where XNN_TORCH_PYTHON, or python3, is a Python that has it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

preset=release
case ${1:-} in
--sanitize) preset=sanitize && shift ;;
--cuda) preset=cuda && shift ;;
--preset) preset=${2:?--preset needs a name} && shift 2 ;;
esac

finish() {  # finish PASSED FAILED [SKIPPED]
    local skipped=${3:-0}
    echo "$1 passed, $2 failed$( ((!skipped)) || echo ", $skipped skipped")"
    (($1 > 0 && $2 == 0))
    exit
}

roles=(core tests onnx cuda-host)
[[ $preset == clang19 ]] && roles+=(clang19)
scripts/setup.sh "${roles[@]}" || finish 0 1
cmake --preset "$preset" ${XNN_TORCH_PYTHON:+-DXNN_TORCH_PYTHON="$XNN_TORCH_PYTHON"} || finish 0 1

# What does not build is a failure, but does not keep the rest from running.
build_failed=0
cmake --build --preset "$preset" -- -k 0 || build_failed=1

results=$root/build/$preset/results.xml
rm -f "$results"
ctest --preset "$preset" --output-junit "$results" "$@" || true
[[ -f $results ]] || finish 0 1

count() { grep -Ec "<testcase .*status=\"($1)\"" "$results" || true; }
passed=$(count run)
skipped=$(grep -c '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"' "$results" || true)  # they say themselves why
failed=$(($(count 'fail|notrun') - skipped))  # a test whose program was not built is one that did not run
if ((build_failed)); then
    echo "The build failed: its errors stand above, before the tests."
    ((failed)) || failed=1
fi
finish "$passed" "$failed" "$skipped"
