#include "runtime.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

// What nvcc's code calls has no header.
extern "C" {
void** __cudaRegisterFatBinary(void*);
void __cudaRegisterFatBinaryEnd(void**);
void __cudaUnregisterFatBinary(void**);
void __cudaRegisterFunction(void**, const char*, char*, const char*, int, uint3*, uint3*, dim3*, dim3*, int*);
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int);
char __cudaInitModule(void**);
unsigned __cudaPushCallConfiguration(dim3, dim3, std::size_t, cudaStream_t);
cudaError_t __cudaPopCallConfiguration(dim3*, dim3*, std::size_t*, void*);
cudaError_t __cudaGetKernel(cudaKernel_t*, const void*);
cudaError_t __cudaLaunchKernel(cudaKernel_t, dim3, dim3, void**, std::size_t, cudaStream_t);
}

struct CUstream_st {
    CUgraph_st* captured = nullptr;  // what is being recorded
    bool invalid = false;            // by something that a capture refuses
};
struct CUgraphNode_st {
    std::string what;
};
struct CUgraph_st {
    std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};
struct CUgraphExec_st {
    std::vector<const CUgraphNode_st*> nodes;
};

namespace {

struct Configuration {
    dim3 grid, block;
    std::size_t shared = 0;
    cudaStream_t stream = nullptr;
};

std::map<const void*, std::string>& kernels() {
    static std::map<const void*, std::string> names;
    return names;
}
std::map<const std::byte*, std::size_t> blocks;  // by their first byte
std::size_t used = 0, most_used = 0;
cudaStream_t capturing = nullptr;  // one at a time
Configuration configuration;
cudaError_t last = cudaSuccess;

cudaError_t answer(cudaError_t status) {
    if (status != cudaSuccess) last = status;
    return status;
}
/// Of a call that needs no more than a driver.
cudaError_t ready() { return answer(fake::machine().driver); }

/// Of a call that no capture allows: it ends the capture.
cudaError_t outside_of_captures() {
    if (capturing == nullptr) return ready();
    capturing->invalid = true;
    return answer(cudaErrorStreamCaptureUnsupported);
}
bool is_default(cudaStream_t stream) { return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread; }

cudaError_t allocate(void** p, std::size_t bytes) {
    if (const cudaError_t status = ready(); status != cudaSuccess) return status;
    if (bytes > fake::machine().memory - std::min(used, fake::machine().memory)) return answer(cudaErrorMemoryAllocation);
    ++fake::work().allocations;
    *p = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    std::memset(*p, 0, bytes);
    blocks[static_cast<std::byte*>(*p)] = bytes;
    used += bytes;
    most_used = std::max(most_used, used);
    return cudaSuccess;
}
cudaError_t release(void* p) {
    if (p == nullptr) return cudaSuccess;
    const auto found = blocks.find(static_cast<std::byte*>(p));
    if (found == blocks.end()) return answer(cudaErrorInvalidValue);
    ++fake::work().releases;
    used -= found->second;
    blocks.erase(found);
    std::free(p);
    return cudaSuccess;
}

}  // namespace

namespace fake {

Work& work() {
    static Work counted;
    return counted;
}
Machine& machine() {
    static Machine played;
    return played;
}
std::function<void(const std::string&, void**)>& on_launch() {
    static std::function<void(const std::string&, void**)> listener;
    return listener;
}
std::function<void(void**)>& on_new_arguments() {
    static std::function<void(void**)> listener;
    return listener;
}

cudaError_t launch(cudaStream_t stream, const std::string& what) {
    if (const cudaError_t status = ready(); status != cudaSuccess) return status;
    if (is_default(stream)) {
        if (const cudaError_t status = outside_of_captures(); status != cudaSuccess) return status;
    } else if (stream->captured != nullptr) {
        if (stream->invalid) return answer(cudaErrorStreamCaptureInvalidated);
        stream->captured->nodes.push_back(std::make_unique<CUgraphNode_st>(CUgraphNode_st{what}));
        return cudaSuccess;
    }
    work().launches.push_back(what);
    return cudaSuccess;
}
bool is_capturing() { return capturing != nullptr; }

bool owns(const void* p, std::size_t bytes) {
    const auto* const first = static_cast<const std::byte*>(p);
    auto after = blocks.upper_bound(first);
    if (after == blocks.begin()) return false;
    const auto& [begin, size] = *std::prev(after);
    return first + bytes <= begin + size;
}

}  // namespace fake

// Kernels

void** __cudaRegisterFatBinary(void*) {
    static void* module = nullptr;
    return &module;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* kernel, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
    const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(name, nullptr, nullptr, nullptr), std::free);
    kernels()[kernel] = readable ? readable.get() : name;
}
void __cudaRegisterVar(void**, char*, char*, const char*, int, std::size_t, int, int) {}
char __cudaInitModule(void**) { return 1; }
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream) {
    configuration = {grid, block, shared, stream};
    return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
    *grid = configuration.grid;
    *block = configuration.block;
    *shared = configuration.shared;
    *static_cast<cudaStream_t*>(stream) = configuration.stream;
    return cudaSuccess;
}
cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* function) {
    *kernel = reinterpret_cast<cudaKernel_t>(const_cast<void*>(function));
    return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared, cudaStream_t stream) {
    return cudaLaunchKernel(static_cast<const void*>(kernel), grid, block, arguments, shared, stream);
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t, cudaStream_t stream) {
    const bool fits = grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.y < 65536 && grid.z < 65536 && block.x * block.y * block.z > 0 &&
                      block.x * block.y * block.z <= 1024;
    if (!fits) return answer(cudaErrorInvalidConfiguration);
    if (fake::on_launch()) fake::on_launch()(kernels()[function], arguments);
    return fake::launch(stream, kernels()[function]);
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* c, const void* function, void** arguments) {
    return cudaLaunchKernel(function, c->gridDim, c->blockDim, arguments, c->dynamicSmemBytes, c->stream);
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void*) {
    *a = {};
    a->ptxVersion = a->binaryVersion = 90;
    a->maxThreadsPerBlock = 1024;
    a->numRegs = 32;
    return ready();
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) { return ready(); }
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks_of_one, const void*, int, std::size_t, unsigned) {
    *blocks_of_one = 2;
    return ready();
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks_of_one, const void* f, int threads, std::size_t shared) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks_of_one, f, threads, shared, 0);
}

// Devices and errors

cudaError_t cudaGetDeviceCount(int* count) {
    *count = fake::machine().devices;
    if (*count == 0) return answer(cudaErrorNoDevice);
    return ready();
}
cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return fake::machine().devices == 0 ? answer(cudaErrorNoDevice) : ready();
}
cudaError_t cudaSetDevice(int device) { return device < fake::machine().devices ? ready() : answer(cudaErrorInvalidDevice); }
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
    switch (attribute) {  // of an H100
        case cudaDevAttrMultiProcessorCount: *value = 132; break;
        case cudaDevAttrMaxSharedMemoryPerBlock: *value = 49152; break;
        case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = 232448; break;
        case cudaDevAttrComputeCapabilityMajor: *value = 9; break;
        case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
        case cudaDevAttrWarpSize: *value = 32; break;
        case cudaDevAttrMaxGridDimX: *value = 2147483647; break;
        case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
        default: *value = 1024;
    }
    return ready();
}
cudaError_t cudaGetLastError() { return std::exchange(last, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last; }
const char* cudaGetErrorName(cudaError_t) { return "an error of the fake runtime"; }
const char* cudaGetErrorString(cudaError_t status) {
    switch (status) {
        case cudaErrorMemoryAllocation: return "out of memory";
        case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
        case cudaErrorNoDevice: return "no CUDA-capable device is detected";
        case cudaErrorStreamCaptureUnsupported: return "operation not permitted when stream is capturing";
        case cudaErrorStreamCaptureInvalidated: return "operation failed due to a previous error during capture";
        default: return "another error";
    }
}
cudaError_t cudaRuntimeGetVersion(int* version) {
    *version = CUDART_VERSION;
    return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) { return cudaRuntimeGetVersion(version); }

// Memory

cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t) { return allocate(p, bytes); }
cudaError_t cudaFreeAsync(void* p, cudaStream_t) { return release(p); }
cudaError_t cudaMalloc(void** p, std::size_t bytes) {
    const cudaError_t status = outside_of_captures();
    return status == cudaSuccess ? allocate(p, bytes) : status;
}
cudaError_t cudaFree(void* p) {
    const cudaError_t status = outside_of_captures();
    return status == cudaSuccess ? release(p) : status;
}
cudaError_t cudaMallocHost(void** p, std::size_t bytes) { return cudaMalloc(p, bytes); }
cudaError_t cudaFreeHost(void* p) { return cudaFree(p); }
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    if ((kind != cudaMemcpyDeviceToHost && !fake::owns(to, bytes)) || (kind != cudaMemcpyHostToDevice && !fake::owns(from, bytes)))
        return answer(cudaErrorInvalidValue);
    if (kind == cudaMemcpyDeviceToHost) ++fake::work().copies_to_host;
    if (kind == cudaMemcpyHostToDevice) ++fake::work().copies_to_device;
    const cudaError_t status = fake::launch(stream, "copy");
    if (status == cudaSuccess && !fake::is_capturing()) std::memmove(to, from, bytes);
    return status;
}
cudaError_t cudaMemsetAsync(void* p, int value, std::size_t bytes, cudaStream_t stream) {
    if (!fake::owns(p, bytes)) return answer(cudaErrorInvalidValue);
    const cudaError_t status = fake::launch(stream, "fill");
    if (status == cudaSuccess && !fake::is_capturing()) std::memset(p, value, bytes);
    return status;
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
    *pool = reinterpret_cast<cudaMemPool_t>(&blocks);
    return ready();
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void*) {
    if (attribute == cudaMemPoolAttrUsedMemHigh) most_used = used;
    return ready();
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void* value) {
    *static_cast<std::uint64_t*>(value) = attribute == cudaMemPoolAttrUsedMemHigh ? most_used : used;
    return ready();
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) { return ready(); }

// Streams and graphs

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
    if (const cudaError_t status = ready(); status != cudaSuccess) return status;
    static std::vector<std::unique_ptr<CUstream_st>> streams;
    *stream = streams.emplace_back(std::make_unique<CUstream_st>()).get();
    return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
    const cudaError_t status = outside_of_captures();
    if (status == cudaSuccess) ++fake::work().synchronizations;
    return status;
}
cudaError_t cudaDeviceSynchronize() { return cudaStreamSynchronize(nullptr); }
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
    if (is_default(stream) || capturing != nullptr) return answer(cudaErrorStreamCaptureUnsupported);
    stream->captured = new CUgraph_st;
    stream->invalid = false;
    capturing = stream;
    return ready();
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    if (stream != capturing) return answer(cudaErrorIllegalState);
    *graph = std::exchange(stream->captured, nullptr);
    capturing = nullptr;
    if (!stream->invalid) return ready();
    delete std::exchange(*graph, nullptr);
    return answer(cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
    *count = graph->nodes.empty() ? 0 : 1;  // a stream's work is a chain
    if (nodes != nullptr && *count > 0) *nodes = graph->nodes[0].get();
    return ready();
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
    *exec = new CUgraphExec_st;
    for (const auto& node : graph->nodes) (*exec)->nodes.push_back(node.get());
    return ready();
}
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t, cudaGraphNode_t node, const cudaKernelNodeParams* parameters) {
    if (kernels()[parameters->func] != node->what) return answer(cudaErrorInvalidValue);
    if (fake::on_new_arguments()) fake::on_new_arguments()(parameters->kernelParams);
    return ready();
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t stream) { return fake::launch(stream, "graph"); }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
    delete exec;
    return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    delete graph;
    return cudaSuccess;
}
