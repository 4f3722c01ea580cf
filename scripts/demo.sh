#!/usr/bin/env bash
# Trains LeNet on MNIST and shows how it goes; the last line is its accuracy on the test images.
#   scripts/demo.sh [OPTION…]   options go to the program examples/mnist: see --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/scripts/setup.sh" core

build=$root/build/demo
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "building the example mnist (once, about a minute)"
if ! { cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DXNN_NATIVE=ON -DXNN_BUILD_TESTS=OFF &&
    cmake --build "$build" --target example_mnist -j 2; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi

# Threads that wait for each other shall not wait busily for long: where other programs run beside, that takes the
# processor from the thread that is waited for.
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-3000}
cd "$build"
exec "$build/examples/mnist" "$@"
