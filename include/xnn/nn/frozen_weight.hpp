// Weights that stay as they are, beside what kernels have made of them.
#pragma once

#include <memory>
#include <utility>

#include "xnn/core/derived_memory.hpp"
#include "xnn/nn/visit.hpp"

namespace xnn::nn {

/// A buffer that is hardly ever written, so that kernels may keep other forms of it. They are forgotten where someone asks
/// for the elements or loads a state dict. Who writes by a reference must ask for it anew after the module has answered.
template <Element T, AnyShape S, class Device = DefaultDevice>
class FrozenWeight : public Buffer<T, S, Device> {
    using Base = Buffer<T, S, Device>;

public:
    FrozenWeight() = default;
    FrozenWeight(const FrozenWeight& other) : Base(other) {}
    FrozenWeight(FrozenWeight&&) noexcept = default;
    FrozenWeight& operator=(const FrozenWeight& other) {
        Base::operator=(other);
        derived_->forget();
        return *this;
    }
    FrozenWeight& operator=(FrozenWeight&&) noexcept = default;

    Tensor<T, S, Device>& value() const {
        derived_->forget();
        return Base::value();
    }
    T* data() const { return value().data(); }

    DerivedMemory* derived() const { return derived_.get(); }

private:
    std::unique_ptr<DerivedMemory> derived_ = std::make_unique<DerivedMemory>();
};

namespace detail {
template <class T, class S, class D>
inline constexpr bool is_buffer<FrozenWeight<T, S, D>> = true;
}  // namespace detail

}  // namespace xnn::nn
