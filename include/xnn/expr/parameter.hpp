// Parameters: tensors that are learned, shared by handle, with their gradients.
#pragma once

#include <atomic>
#include <memory>

#include "xnn/core/placed_tensor.hpp"
#include "xnn/core/ref.hpp"
#include "xnn/expr/gradient_rows.hpp"
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
        if (rows_) rows_->add_all();
        if (own_gradient_ && !has_gradient) leave_shared_gradient();
        const bool accumulate = std::exchange(has_gradient, true);
        return {static_cast<T*>(gradient_data()), accumulate};
    }

    /// Where the gradient of some rows goes, which is added and whose rows are then told to gradient_rows(). The others are zero,
    /// so that the gradient is whole for whoever reads all of it.
    template <class T, class Device>
    Target<T> open_rows(index_t entries, index_t width) {
        if (!requires_grad) return {};
        if (own_gradient_ && !has_gradient) leave_shared_gradient();
        T* const gradient = static_cast<T*>(gradient_data());
        if (!rows_) rows_ = std::make_unique<GradientRowsOn<Device>>(entries);
        if (!std::exchange(has_gradient, true)) gradient_rows_on<Device>()->clear(gradient, width);
        return {gradient, true};
    }
    /// The rows that may have a gradient other than zero, once open_rows() was called; else null.
    GradientRows* gradient_rows() const { return rows_.get(); }
    template <class Device>
    GradientRowsOn<Device>* gradient_rows_on() const { return static_cast<GradientRowsOn<Device>*>(rows_.get()); }

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

protected:
    void (*own_gradient_)(ParameterStorage&) = nullptr;  // of one whose gradient may be in shared memory: takes it out of there

private:
    /// A gradient that was forgotten leaves the memory that processes share: the next one of each is its own.
    [[gnu::cold, gnu::noinline]] void leave_shared_gradient() { std::exchange(own_gradient_, nullptr)(*this); }

    std::unique_ptr<GradientRows> rows_;
    ParameterStorage* copy_ = nullptr;
    ParameterStorage* origin_ = nullptr;
    const void* first_home_ = nullptr;
    std::ptrdiff_t distance_ = 0;  // from the copied handle to the copy's
};

/// What the parameters of one storage share.
template <Element T, AnyShape S, class Device>
class ParameterData final : public ParameterStorage {
public:
    ParameterData() = default;
    explicit ParameterData(Tensor<T, S, Device>&& initial) : value_(std::move(initial)) {}
    Tensor<T, S, Device>& value() { return value_.get(); }
    Tensor<T, S, Device>& gradient() { return gradient_.get(); }
    void* value_data() override { return value().data(); }
    void* gradient_data() override {
        gradient().resize(value().shape());
        return gradient().data();
    }

    GradientRowsOn<Device>* gradient_rows() const { return this->template gradient_rows_on<Device>(); }

    bool is_shared() const { return value_.is_shared(); }
    template <class Moves>
    void add_to(Moves& moves) {
        value_.add_to(moves);
        if (!has_gradient) return;
        gradient_.add_to(moves);
        if constexpr (std::same_as<Device, Cpu>)
            own_gradient_ = [](ParameterStorage& storage) { static_cast<ParameterData&>(storage).gradient_.leave(); };
    }

private:
    detail::PlacedTensor<T, S, Device> value_;
    detail::PlacedTensor<T, S, Device> gradient_;
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

    const S& shape() const { return data_->value().shape(); }
    State forward(Arena<Device>&) const { return {}; }
    Ptr<T> loader(const State&) const { return Ptr<T>(data_->value().data()); }

    Target<T> open(Pass<Device>&, const State&) const { return data_->template open<T>(); }
    void close(Pass<Device>&, const State&, Target<T>) const {}

    /// The same leaf for an expression that needs no gradients.
    auto without_gradient() const { return ParameterLeaf<T, S, Device, false>(*data_); }

protected:
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

/// The same leaf of a table for an operation that uses some of its rows, and tells the storage which.
template <Element T, AnyShape S, class Device>
class ParameterRowsLeaf : public ParameterLeaf<T, S, Device> {
public:
    using ParameterLeaf<T, S, Device>::ParameterLeaf;

    Target<T> open(Pass<Device>&, const typename ParameterRowsLeaf::State&) const {
        const index_t entries = this->shape().extents()[0];
        return this->data_->template open_rows<T, Device>(entries, entries > 0 ? this->shape().size() / entries : 0);
    }
};

/// A tensor that is learned. It is a handle: `a.tie(b)` makes two parameters one. A copy of a parameter is a new one with
/// the same value, but a copy of an object in which two parameters are tied has two tied parameters too.
template <Element T, AnyShape S, class Device = DefaultDevice>
class Parameter {
    using Data = ParameterData<T, S, Device>;

public:
    using value_type = T;
    using shape_type = S;
    using device = Device;

    // Made and destroyed by functions of their own: a model has hundreds of them, and makes them once.
    [[gnu::cold, gnu::noinline]] Parameter() : data_(new Data) { data_->home = this; }
    [[gnu::cold, gnu::noinline]] explicit Parameter(Tensor<T, S, Device> value) : data_(new Data(std::move(value))) { data_->home = this; }
    /// With the values that fill(data, size) writes.
    template <std::invocable<T*, index_t> Fill>
    explicit Parameter(const Fill& fill) : Parameter() {
        detail::edit_on_host<Device>(data(), size(), [&](T* p) { fill(p, size()); });
    }

    [[gnu::cold, gnu::noinline]] ~Parameter() = default;
    Parameter(const Parameter& other) : data_(copy_of(other)) {}
    Parameter(Parameter&& other) noexcept : data_(std::move(other.data_)) { data_->home = this; }
    Parameter& operator=(const Parameter& other) {
        storage()->value() = other.storage()->value();
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
        storage()->value() = std::forward<E>(expression);
        return *this;
    }

    /// Shares the other parameter's storage from now on: one parameter under two names.
    void tie(Parameter& other) { data_ = other.data_; }

    Tensor<T, S, Device>& value() { return storage()->value(); }
    const Tensor<T, S, Device>& value() const { return storage()->value(); }
    T* data() { return storage()->value().data(); }
    const T* data() const { return storage()->value().data(); }
    const S& shape() const { return storage()->value().shape(); }
    index_t size() const { return shape().size(); }
    auto array() { return storage()->value().array(); }
    auto array() const { return std::as_const(storage()->value()).array(); }

    /// The gradient that backward() has added up. Throws Error if there is none.
    Tensor<T, S, Device>& grad() const {
        if (!has_grad()) throw Error("Parameter::grad: expected a gradient from backward(), got none since zero_grad()");
        if (auto* rows = data_->gradient_rows()) rows->expose();
        return storage()->gradient();
    }
    bool has_grad() const { return data_->has_gradient; }
    /// Forgets the gradient; or makes one that there is zeros, with its memory kept.
    void zero_grad(bool set_to_none = true) {
        if (set_to_none)
            data_->has_gradient = false;
        else if (has_grad())
            grad().fill(T(0));
    }

    bool requires_grad() const { return data_->requires_grad; }
    /// Whether backward() computes a gradient for this parameter.
    Parameter& requires_grad_(bool required = true) {
        data_->requires_grad = required;
        return *this;
    }

    /// Moves the value, and the gradient if there is one, into POSIX shared memory: see core/shared_memory.hpp, which this needs.
    Parameter& share_memory_() {
        detail::share_memory<Data>([this](auto& moves) { this->add_to(moves); });
        return *this;
    }
    /// Whether the value is there.
    bool is_shared() const { return storage()->is_shared(); }
    /// Adds the elements to those that move into shared memory together.
    template <class Moves>
    void add_to(Moves& moves) { storage()->add_to(moves); }

    /// What identifies the storage: equal for tied parameters.
    Data* storage() const { return static_cast<Data*>(data_.get()); }

private:
    [[gnu::noinline]] Ref<ParameterStorage> copy_of(const Parameter& other) {
        // Members of one object are copied by one distance. If the last copy of this storage went as far, this handle is
        // another member of that copy.
        const std::ptrdiff_t distance = reinterpret_cast<const char*>(this) - reinterpret_cast<const char*>(&other);
        if (auto* tied = other.data_->copy_at(distance); tied && tied->home != this) return Ref(tied);
        Ref<ParameterStorage> copy(new Data(Tensor<T, S, Device>(other.value())));
        copy->requires_grad = other.data_->requires_grad;
        copy->home = this;
        other.data_->remember_copy(*copy, distance);
        return copy;
    }

    Ref<ParameterStorage> data_;  // a Data, counted by code that all shapes share
};

}  // namespace xnn
