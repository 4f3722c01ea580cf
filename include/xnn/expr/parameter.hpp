// Parameters: tensors that are learned, shared by handle, with their gradients.
#pragma once

#include <atomic>

#include "xnn/core/ref.hpp"
#include "xnn/expr/leaf.hpp"

namespace xnn {

/// What the parameters of one storage share, as far as it does not depend on their type.
class ParameterStorage {
public:
    using counted_as = ParameterStorage;

    ParameterStorage() = default;
    ParameterStorage(const ParameterStorage&) = delete;
    ParameterStorage& operator=(const ParameterStorage&) = delete;
    virtual ~ParameterStorage() {
        if (copy_) copy_->origin_ = nullptr;
        if (origin_) origin_->copy_ = nullptr;
    }
    virtual void* value_data() = 0;
    /// Memory for the gradient, whether there is one or not.
    virtual void* gradient_data() = 0;

    /// Where a gradient goes: the first one is written, others are added.
    template <class T>
    Target<T> open() {
        if (!requires_grad) return {};
        const bool accumulate = std::exchange(has_gradient, true);
        return {static_cast<T*>(gradient_data()), accumulate};
    }

    /// Remembers the copy that was made last, so that two handles of one storage become two handles of one copy.
    void remember_copy(ParameterStorage& copy, std::ptrdiff_t distance) {
        if (copy_) copy_->origin_ = nullptr;
        copy_ = &copy;
        copy.origin_ = this;
        copy.first_home_ = copy.home;
        copy.distance_ = distance;
    }
    /// The last copy, if it went as far and is still where it was made; else null.
    ParameterStorage* copy_at(std::ptrdiff_t distance) const {
        return copy_ && copy_->distance_ == distance && copy_->home == copy_->first_home_ ? copy_ : nullptr;
    }

    std::atomic<index_t> references = 0;
    bool requires_grad = true;
    bool has_gradient = false;   // false: the gradient holds nothing of meaning
    const void* home = nullptr;  // the handle that holds it

private:
    ParameterStorage* copy_ = nullptr;
    ParameterStorage* origin_ = nullptr;
    const void* first_home_ = nullptr;
    std::ptrdiff_t distance_ = 0;  // from the copied handle to the copy's
};

/// What the parameters of one storage share.
template <Element T, AnyShape S, class Device>
class ParameterData final : public ParameterStorage {
public:
    explicit ParameterData(Tensor<T, S, Device>&& initial) : value(std::move(initial)) {}
    void* value_data() override { return value.data(); }
    void* gradient_data() override {
        gradient.resize(value.shape());
        return gradient.data();
    }

    Tensor<T, S, Device> value;
    Tensor<T, S, Device> gradient{};
};

/// A parameter as a leaf of an expression, by reference to its storage.
template <Element T, AnyShape S, class Device, bool RequiresGrad = true>
class ParameterLeaf : public StoredNode<ParameterLeaf<T, S, Device, RequiresGrad>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = RequiresGrad;
    static constexpr bool is_leaf = true;
    struct State {};

    explicit ParameterLeaf(ParameterData<T, S, Device>& data) : data_(&data) {}

    const S& shape() const { return data_->value.shape(); }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(data_->value.data()); }

    Target<T> open(Pass<Device>&, const State&) const { return data_->template open<T>(); }
    void close(Pass<Device>&, const State&, Target<T>) const {}

    /// The same leaf for an expression that needs no gradients.
    auto without_gradient() const { return ParameterLeaf<T, S, Device, false>(*data_); }

private:
    ParameterData<T, S, Device>* data_;
};

/// The same leaf with a type that knows only how many dimensions there are: what is made of it is compiled once for all
/// shapes.
template <Element T, AnyShape S, class Device>
class ErasedParameterLeaf : public StoredNode<ErasedParameterLeaf<T, S, Device>> {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Device;
    static constexpr bool requires_grad = true;
    static constexpr bool is_leaf = true;
    static constexpr bool erased = true;
    struct State {};

    ErasedParameterLeaf(ParameterStorage& data, const S& shape) : data_(&data), shape_(shape) {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(static_cast<const T*>(data_->value_data())); }

    Target<T> open(Pass<Device>&, const State&) const { return data_->template open<T>(); }
    void close(Pass<Device>&, const State&, Target<T>) const {}

private:
    ParameterStorage* data_;
    S shape_;
};

/// A tensor that is learned. It is a handle: `a.tie(b)` makes two parameters one. A copy of a parameter is a new one with
/// the same value, but a copy of an object in which two parameters are tied has two tied parameters too.
template <Element T, AnyShape S, class Device = Cpu>
class Parameter {
    using Data = ParameterData<T, S, Device>;

public:
    using value_type = T;
    using shape_type = S;
    using device = Device;

    // Made and destroyed by functions of their own: a model has hundreds of them, and makes them once.
    [[gnu::cold, gnu::noinline]] Parameter() : Parameter(Tensor<T, S, Device>{}) {}
    [[gnu::cold, gnu::noinline]] explicit Parameter(Tensor<T, S, Device> value) : data_(new Data(std::move(value))) { data_->home = this; }

    [[gnu::cold, gnu::noinline]] ~Parameter() = default;
    Parameter(const Parameter& other) : data_(copy_of(other)) {}
    Parameter(Parameter&& other) noexcept : data_(std::move(other.data_)) { data_->home = this; }
    Parameter& operator=(const Parameter& other) {
        data_->value = other.data_->value;
        return *this;
    }
    Parameter& operator=(Parameter&& other) noexcept {
        data_ = std::move(other.data_);
        data_->home = this;
        return *this;
    }
    /// Evaluates an expression into the parameter's value.
    template <detail::Assignable E>
    Parameter& operator=(E&& expression) {
        data_->value = std::forward<E>(expression);
        return *this;
    }

    /// Shares the other parameter's storage from now on: one parameter under two names.
    void tie(Parameter& other) { data_ = other.data_; }

    Tensor<T, S, Device>& value() { return data_->value; }
    const Tensor<T, S, Device>& value() const { return data_->value; }
    T* data() { return data_->value.data(); }
    const T* data() const { return data_->value.data(); }
    const S& shape() const { return data_->value.shape(); }
    index_t size() const { return shape().size(); }
    auto array() { return data_->value.array(); }
    auto array() const { return std::as_const(data_->value).array(); }

    /// The gradient that backward() has added up. Throws Error if there is none.
    Tensor<T, S, Device>& grad() const {
        if (!has_grad()) throw Error("Parameter::grad: expected a gradient from backward(), got none since zero_grad()");
        return data_->gradient;
    }
    bool has_grad() const { return data_->has_gradient; }
    /// Forgets the gradient.
    void zero_grad() { data_->has_gradient = false; }

    bool requires_grad() const { return data_->requires_grad; }
    /// Whether backward() computes a gradient for this parameter.
    Parameter& requires_grad_(bool required = true) {
        data_->requires_grad = required;
        return *this;
    }

    /// What identifies the storage: equal for tied parameters.
    const Ref<Data>& storage() const { return data_; }

private:
    [[gnu::noinline]] Ref<Data> copy_of(const Parameter& other) {
        // Members of one object are copied by one distance. If the last copy of this storage went as far, this handle is
        // another member of that copy.
        const std::ptrdiff_t distance = reinterpret_cast<const char*>(this) - reinterpret_cast<const char*>(&other);
        if (auto* tied = other.data_->copy_at(distance); tied && tied->home != this) return Ref(static_cast<Data*>(tied));
        Ref copy(new Data(Tensor<T, S, Device>(other.data_->value)));
        copy->requires_grad = other.data_->requires_grad;
        copy->home = this;
        other.data_->remember_copy(*copy, distance);
        return copy;
    }

    Ref<Data> data_;
};

}  // namespace xnn
