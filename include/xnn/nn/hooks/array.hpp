// What hooks see of arrays.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "xnn/core/load_state.hpp"
#include "xnn/expr/apply.hpp"

namespace xnn::nn {

namespace detail {

/// An expression by name, whatever it is.
template <class E>
auto handle_of(const E& e) {
    if constexpr (requires { e.node(); })
        return e;
    else if constexpr (requires { e.share(); })
        return e.share();
    else
        return Handle<value_t<E>, shape_t<E>, device_t<E>, E::requires_grad, is_inference<E>>(
            Ref<ValueNode<value_t<E>, device_t<E>>>(new SharedNode<E>(e)), e.shape());
}
/// Computes its value now.
template <class Handle>
void evaluate(const Handle& handle) {
    handle.forward(Lease<device_t<Handle>>::take().arena());
}
template <class S>
std::vector<index_t> extents_of(const S& shape) {
    const auto extents = shape.extents();
    return {extents.begin(), extents.end()};
}

}  // namespace detail

/// An input, an output or a gradient without its type; or none, where PyTorch's hooks see None. A hook replaces it by assigning
/// a tensor or an expression of the same dtype and extents.
class HookArray {
public:
    HookArray() = default;
    template <class T, class Device>
    HookArray(const Ref<ValueNode<T, Device>>& node, std::vector<index_t> extents, bool requires_grad = true)
        : dtype_(dtype_of<T>), requires_grad_(requires_grad), device_(&type_key<Device>), access_(xnn::detail::host_access<Device>()),
          extents_(std::move(extents)), data_(node->value), node_(std::make_shared<Ref<ValueNode<T, Device>>>(node)) {}

    explicit operator bool() const { return node_ != nullptr; }
    Dtype dtype() const { return dtype_; }
    const std::vector<index_t>& extents() const { return extents_; }
    index_t size() const {
        index_t result = 1;
        for (const index_t extent : extents_) result *= extent;
        return result;
    }
    /// Whether gradients go on from it.
    bool requires_grad() const { return requires_grad_; }
    /// The elements, row-major, on the array's device. Valid while the hook runs.
    const void* data() const { return data_; }
    /// The same as numbers of this type, copied where the host cannot read the device's memory. Throws Error if they are of another
    /// type.
    template <Element T>
    std::span<const T> values() const {
        require<T>();
        const auto count = static_cast<std::size_t>(size());
        if (access_ && !copy_) {
            copy_ = std::make_shared<std::vector<std::byte>>(count * sizeof(T));
            access_->read(copy_->data(), data_, copy_->size());
        }
        return {static_cast<const T*>(copy_ ? copy_->data() : data_), count};
    }
    /// The array as an operand: `array.as<float, Shape<dyn, 10>>() * 2`. Gradients pass through what is made of it. Throws Error
    /// if it is of another type or shape.
    template <Element T, AnyShape S, class Device = DefaultDevice>
    auto as() const {
        Dims<S::rank> extents{};
        const bool right = extents_.size() == S::rank;
        for (std::size_t i = 0; right && i < S::rank; ++i) extents[i] = extents_[i];
        if (!right || !fits(S::static_extents, extents)) reject(describe(dtype_of<T>, S::static_extents));
        return Handle<T, S, Device, true>(node_of<T, Device>(), S(extents));
    }

    /// Computes the expression at once.
    template <Array X>
    HookArray& operator=(X&& x) {
        const auto handle = detail::handle_of(operand(std::forward<X>(x)));
        using H = std::remove_const_t<decltype(handle)>;
        detail::evaluate(handle);
        return *this = HookArray(Ref<ValueNode<value_t<H>, device_t<H>>>(&handle.node()), detail::extents_of(handle.shape()), H::requires_grad);
    }

    /// What it refers to. Throws Error if that is of another type.
    template <class T, class Device>
    const Ref<ValueNode<T, Device>>& node_of() const {
        require<T>();
        if (device_ != &type_key<Device>) reject("an array of the device that as() names", "one of another device");
        return *static_cast<const Ref<ValueNode<T, Device>>*>(node_.get());
    }
    /// The same for what must also have these extents.
    template <class T, class Device>
    const Ref<ValueNode<T, Device>>& node_of(const std::vector<index_t>& extents) const {
        if (extents_ != extents) reject(describe(dtype_of<T>, extents));
        return node_of<T, Device>();
    }

private:
    template <class T>
    void require() const {
        if (!node_ || dtype_ != dtype_of<T>) reject(std::string(name_of(dtype_of<T>)));
    }
    [[noreturn]] void reject(const std::string& expected) const { reject(expected, node_ ? describe(dtype_, extents_) : std::string("none")); }
    [[noreturn]] static void reject(const std::string& expected, const std::string& got) { fail("a hook", expected, got); }

    Dtype dtype_{};
    bool requires_grad_ = false;
    const void* device_ = nullptr;
    const xnn::detail::HostAccess* access_ = nullptr;  // where the elements are out of the host's reach
    std::vector<index_t> extents_;
    const void* data_ = nullptr;
    std::shared_ptr<const void> node_;  // a Ref<ValueNode<T, Device>>
    mutable std::shared_ptr<std::vector<std::byte>> copy_;  // of such elements, once somebody has asked for them
};

}  // namespace xnn::nn
