// Tensors whose elements can move to other memory while they stay known by one name.
#pragma once

#include <new>
#include <type_traits>
#include <utility>

#include "xnn/core/tensor.hpp"

namespace xnn::detail {

/// A tensor and where it is. A large one keeps its elements elsewhere, and nothing more is needed to move them.
template <class T, class S, class Device, bool Inline = is_stored_inline<T, S, Device>>
class PlacedTensor {
public:
    PlacedTensor() = default;
    explicit PlacedTensor(Tensor<T, S, Device>&& tensor) : tensor_(std::move(tensor)) {}

    Tensor<T, S, Device>& get() { return tensor_; }
    bool is_shared() const { return tensor_.is_shared(); }
    template <class Moves>
    void add_to(Moves& moves) { tensor_.add_to(moves); }
    /// Zeros of its own in place of elements that processes share.
    void leave() { tensor_ = Tensor<T, S, Device>(tensor_.shape()); }

private:
    Tensor<T, S, Device> tensor_;
};

/// A small one holds its elements itself, and moves as a whole. So that it can, it is known by a pointer here; that is what all
/// small tensors would have to have if they could move by themselves.
template <class T, class S, class Device>
class PlacedTensor<T, S, Device, true> {
    using Placed = Tensor<T, S, Device>;
    static_assert(std::is_trivially_destructible_v<Placed>);

public:
    PlacedTensor() = default;
    explicit PlacedTensor(Placed&& tensor) : own_(std::move(tensor)) {}
    PlacedTensor(const PlacedTensor&) = delete;
    PlacedTensor& operator=(const PlacedTensor&) = delete;

    Placed& get() { return *tensor_; }
    bool is_shared() const { return tensor_ != &own_; }
    template <class Moves>
    void add_to(Moves& moves) { moves.add(*this); }
    void leave() {
        tensor_ = &own_.fill(T(0));
        shared_ = Buffer<Cpu>();
    }

    static constexpr std::size_t bytes() { return sizeof(Placed); }
    void move_to(Buffer<Cpu> memory) noexcept {
        tensor_ = new (memory.data()) Placed(*tensor_);
        shared_ = std::move(memory);
    }

private:
    Placed own_{};
    Placed* tensor_ = &own_;
    Buffer<Cpu> shared_;
};

}  // namespace xnn::detail
