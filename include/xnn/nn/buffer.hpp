// Tensors that a module keeps but does not learn.
#pragma once

#include <memory>
#include <utility>

#include "xnn/core/placed_tensor.hpp"

namespace xnn::nn {

/// A tensor that belongs to a module's state but is not learned, such as running statistics. A forward may change it.
template <Element T, AnyShape S, class Device = DefaultDevice>
class Buffer {
public:
    using value_type = T;
    using shape_type = S;
    using device = Device;

    Buffer() : Buffer(Tensor<T, S, Device>{}) {}
    /// One that is not persistent belongs to the module, but not to its state dict, as in PyTorch's register_buffer.
    explicit Buffer(Tensor<T, S, Device> value, bool persistent = true)
        : value_(std::make_unique<Placed>(std::move(value))), persistent_(persistent) {}
    Buffer(const Buffer& other) : Buffer(other.value(), other.persistent_) {}
    Buffer(Buffer&&) noexcept = default;
    Buffer& operator=(const Buffer& other) {
        value() = other.value();
        return *this;
    }
    Buffer& operator=(Buffer&&) noexcept = default;

    Tensor<T, S, Device>& value() const { return value_->get(); }
    T* data() const { return value().data(); }
    const S& shape() const { return value().shape(); }
    bool persistent() const { return persistent_; }

    /// Moves the elements into POSIX shared memory: see core/shared_memory.hpp, which this needs.
    Buffer& share_memory_() {
        xnn::detail::share_memory<Buffer>([this](auto& moves) { this->add_to(moves); });
        return *this;
    }
    bool is_shared() const { return value_->is_shared(); }
    /// Adds the elements to those that move into shared memory together.
    template <class Moves>
    void add_to(Moves& moves) { value_->add_to(moves); }

private:
    using Placed = xnn::detail::PlacedTensor<T, S, Device>;
    std::unique_ptr<Placed> value_;
    bool persistent_ = true;
};

}  // namespace xnn::nn
