// A CUDA runtime without a GPU, for tests of what the host asks of one: kernels are counted and not run, the device's memory is the
// host's, and a capture refuses what a real one does. Objects of `nvcc --cudart none` are linked with it.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace fake {

/// What the host asked of the device since the last reset().
struct Work {
    std::vector<std::string> launches;  // what each was: a kernel's name, "product", "fill", "copy", "graph"
    int copies_to_host = 0;
    int copies_to_device = 0;
    int allocations = 0;  // of pinned memory of the host, too
    int releases = 0;
    int synchronizations = 0;
};
Work& work();
inline void reset() { work() = {}; }

/// The machine that it plays.
struct Machine {
    cudaError_t driver = cudaSuccess;  // what every call answers where there is none
    int devices = 1;
    std::size_t memory = std::size_t{1} << 40;  // of the device, in bytes
};
Machine& machine();

/// Called with a kernel's name and arguments when it is launched, or recorded.
std::function<void(const std::string& kernel, void** arguments)>& on_launch();
/// Called with a kernel's arguments when a graph's node receives new ones.
std::function<void(void** arguments)>& on_new_arguments();

// For the fake libraries.

/// Notes a launch, or records it where the stream is being captured.
cudaError_t launch(cudaStream_t stream, const std::string& what);
bool is_capturing();
/// Whether all of these bytes were allocated together, on the device.
bool owns(const void* p, std::size_t bytes);

}  // namespace fake
