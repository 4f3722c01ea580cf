// What a forward and a backward pass take from the memory that a thread has to spare.
#pragma once

#include <cstddef>
#include <thread>

#include "xnn/expr/shared.hpp"

/// Bytes of a step: the most that its two workspaces held, and the buffers of gradients. `forward` gives the result as a named
/// expression, whose gradient has shape Result. In a thread of its own, which has nothing to spare when it begins.
template <xnn::AnyShape Result>
std::size_t step_memory(const auto& forward) {
    using namespace xnn;
    std::size_t bytes = 0;
    std::thread([&] {
        auto lease = Lease<Cpu>::take();
        auto& forward_arena = lease.arena();
        lease = {};  // the next one to be taken
        {
            const auto y = forward();
            static_cast<void>(y.value());
            auto back = Lease<Cpu>::take();
            auto& backward_arena = back.arena();
            back = {};
            const Tensor<float, Result> gradient;
            y.backward(gradient.view());
            bytes = forward_arena.peak() + backward_arena.peak();
        }
        bytes += SpareMemory<Cpu>::of_thread().buffers.bytes();
    }).join();
    return bytes;
}
