// Numbers in the fake device's memory, which is the host's.
#pragma once

#include <random>
#include <xnn/cuda/memory.hpp>

namespace fake {

template <class T>
struct DeviceArray {
    explicit DeviceArray(xnn::index_t n) : memory(static_cast<std::size_t>(n) * sizeof(T)) {
        static std::mt19937 engine(1);
        std::normal_distribution<float> normal;
        for (xnn::index_t i = 0; i < n; ++i) data()[i] = static_cast<T>(normal(engine));
    }
    T* data() { return reinterpret_cast<T*>(memory.data()); }
    T& operator[](xnn::index_t i) { return data()[i]; }
    xnn::detail::Buffer<xnn::Cuda> memory;
};

}  // namespace fake
