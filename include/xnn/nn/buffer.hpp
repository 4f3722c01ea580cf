// Tensors that a module keeps but does not learn.
#pragma once

#include <memory>
#include <utility>

#include "xnn/core/tensor.hpp"

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
        : value_(std::make_unique<Tensor<T, S, Device>>(std::move(value))), persistent_(persistent) {}
    Buffer(const Buffer& other) : Buffer(*other.value_, other.persistent_) {}
    Buffer(Buffer&&) noexcept = default;
    Buffer& operator=(const Buffer& other) {
        *value_ = *other.value_;
        return *this;
    }
    Buffer& operator=(Buffer&&) noexcept = default;

    Tensor<T, S, Device>& value() const { return *value_; }
    T* data() const { return value_->data(); }
    const S& shape() const { return value_->shape(); }
    bool persistent() const { return persistent_; }

private:
    std::unique_ptr<Tensor<T, S, Device>> value_;
    bool persistent_ = true;
};

}  // namespace xnn::nn
