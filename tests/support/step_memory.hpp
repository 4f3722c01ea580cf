// What a forward and a backward pass take from the memory that a thread has to spare.
#pragma once

#include <thread>

#include "xnn/expr/meta.hpp"
#include "xnn/expr/shared.hpp"

/// The bytes of a Cost as they are: the most that the workspaces of the way forward and of the way back held, and with the latter
/// the buffers of gradients. `forward` gives the result as a named expression, whose gradient has shape Result. In a thread of its
/// own, which has nothing to spare when it begins.
template <xnn::AnyShape Result>
xnn::Cost step_memory(const auto& forward) {
    using namespace xnn;
    Cost taken;
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
            taken.forward_bytes = static_cast<index_t>(forward_arena.peak());
            taken.backward_bytes = static_cast<index_t>(backward_arena.peak());
        }
        taken.backward_bytes += static_cast<index_t>(SpareMemory<Cpu>::of_thread().buffers.bytes());
    }).join();
    return taken;
}
