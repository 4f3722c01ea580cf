// Where a program computes, chosen while it runs. A device is a template argument, so each one is an instantiation of the whole
// program, and stands in a source of its own: cpu.cpp, cuda_host.cpp and cuda.cu. CMake knows which of them there are.
#pragma once

#include <concepts>
#include <filesystem>
#include <string>
#include <utility>
#include <xnn/core/device.hpp>
#include <xnn/core/error.hpp>

namespace examples {

/// Whether the driver of an NVIDIA GPU has made its device: a program without CUDA can ask no more.
inline bool finds_gpu() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg"); }

/// Calls f.operator()<Device>() with the device of this name. Throws xnn::Error for one that the program was built without.
template <class F>
auto with_device(const std::string& name, F&& f) {
    if (name == "cpu") return f.template operator()<xnn::Cpu>();
    std::string known = "cpu";
#ifdef EXAMPLES_CUDA_HOST
    if (name == "cuda-host") return f.template operator()<xnn::CudaHost>();
    known += ", cuda-host";
#endif
#ifdef EXAMPLES_CUDA
    if (name == "cuda") return f.template operator()<xnn::Cuda>();
    known += ", cuda";
#endif
    xnn::fail("--device", "a device that this program was built for (" + known + "; docs/cuda.md says how there are more)",
              name == "cuda" && !finds_gpu() ? name + "; and this machine has no NVIDIA GPU" : name);
}

/// An array of the host where a network computes: itself, or a copy on the device.
template <class Device, class Array>
decltype(auto) on(const Array& array) {
    if constexpr (std::same_as<Device, typename Array::device>)
        return (array);
    else
        return to<Device>(array);
}

}  // namespace examples
