// Tensors that own their memory, views that do not, and the bridge to xtensor.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <type_traits>
#include <utility>

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/memory.hpp"
#include "xnn/core/shape.hpp"
#include "xnn/core/xtensor.hpp"

namespace xnn {

/// Memory of somebody else, read as a row-major array of this shape. T is const where it may not be written.
template <class T, AnyShape S, class Device = DefaultDevice>
struct TensorView {
    using value_type = std::remove_const_t<T>;
    using shape_type = S;
    using device = Device;

    T* data = nullptr;
    XNN_NO_UNIQUE_ADDRESS S shape{};

    constexpr index_t size() const { return shape.size(); }
    constexpr index_t extent(std::size_t dimension) const { return shape.extent(dimension); }
    constexpr operator TensorView<const T, S, Device>() const { return {data, shape}; }
};

namespace detail {

/// For whoever writes all elements anyway.
struct Uninitialized {};

/// Uninitialised aligned memory for elements; grows, and shrinks never. Copies share it.
template <class T, class Device>
class HeapStorage {
public:
    T* data() { return reinterpret_cast<T*>(buffer_.data()); }
    const T* data() const { return reinterpret_cast<const T*>(buffer_.data()); }
    void reserve(index_t n) { buffer_.reserve(static_cast<std::size_t>(n) * sizeof(T)); }
    void make_zeros(index_t n) {
        reserve(n);
        set_bytes(Device{}, buffer_.data(), 0, static_cast<std::size_t>(n) * sizeof(T));
    }
    bool is_shared() const {
        if constexpr (std::same_as<Device, Cpu>)
            return buffer_.is_shared();
        else
            return true;
    }
    std::size_t bytes() const { return buffer_.size(); }
    void move_to(Buffer<Device> memory) noexcept {
        copy_bytes(Device{}, memory.data(), Device{}, buffer_.data(), buffer_.size());
        buffer_ = std::move(memory);
    }

private:
    Buffer<Device> buffer_;
};

/// Elements inside the object: small tensors of a static shape.
template <class T, index_t Size>
class InlineStorage {
public:
    InlineStorage() {
        for (index_t i = Size; i < room; ++i) data_[i] = T();  // copies read it
    }
    T* data() { return data_; }
    const T* data() const { return data_; }
    void reserve(index_t) {}
    void make_zeros(index_t n) { std::fill_n(data_, n, T(0)); }

private:
    /// A whole number of 16 bytes from there on: what is copied in pieces and read again as a whole keeps a processor waiting.
    static constexpr index_t piece = static_cast<index_t>(16 / sizeof(T) > 0 ? 16 / sizeof(T) : 1);
    static constexpr index_t room = Size == 0 ? 1 : Size < piece ? Size : divide_up(Size, piece) * piece;
    alignas(Size * sizeof(T) >= 16 ? 16 : alignof(T)) T data_[room];
};

inline constexpr std::size_t inline_bytes = 128;

/// Whether tensors of this shape hold their elements themselves: only on the host do objects stand where elements must.
template <class T, class S, class Device>
inline constexpr bool is_stored_inline =
    std::same_as<Device, Cpu> && S::is_static && static_cast<std::size_t>(S::static_size) * sizeof(T) <= inline_bytes;

template <class T, class S, class Device>
using Storage = std::conditional_t<is_stored_inline<T, S, Device>, InlineStorage<T, S::is_static ? S::static_size : 0>, HeapStorage<T, Device>>;

/// Copies n elements from one device to another.
template <class To, class From, class T>
void copy_elements(T* to, const T* from, index_t n) {
    if constexpr (std::same_as<To, Cpu> && std::same_as<From, Cpu>)
        std::copy_n(from, n, to);
    else
        copy_bytes(To{}, to, From{}, from, static_cast<std::size_t>(n) * sizeof(T));
}

template <class Device, class T>
void fill_elements(T* p, index_t n, T value) { fill(Device{}, p, n, value); }

/// Anything that assign(tensor, expression), found by argument-dependent lookup, can evaluate.
template <class E>
concept Assignable = requires { typename std::remove_cvref_t<E>::xnn_expression; };

}  // namespace detail

/// An array that owns its memory: row-major, aligned to `alignment` (small static ones stand inside the object). A value:
/// copies are deep. Made from an expression it evaluates it, as xtensor's containers do. Moved-from tensors may only be
/// assigned to or destroyed. Elements on a GPU are out of the host's reach: what would touch them one by one does not exist
/// there; to<Cpu>(tensor) brings them.
template <Element T, AnyShape S, class Device = DefaultDevice>
class Tensor {
    static constexpr bool is_host = detail::is_host_memory<Device>;

public:
    using value_type = T;
    using shape_type = S;
    using device = Device;

    /// Zeros. `dyn` extents are zero until something is assigned.
    Tensor() : Tensor(S{}) {}

    /// Zeros of this shape.
    explicit Tensor(const S& shape) : shape_(shape) {
        storage_.make_zeros(size());
    }

    /// Elements without values yet.
    Tensor(const S& shape, detail::Uninitialized) { resize(shape); }

    /// The elements in row-major order; throws Error where their number is not the shape's.
    Tensor(std::initializer_list<T> values)
        requires S::is_static
        : Tensor(S{}, values) {}
    Tensor(const S& shape, std::initializer_list<T> values) : Tensor(shape) {
        if (static_cast<index_t>(values.size()) != size())
            fail("Tensor", std::to_string(size()) + " elements", std::to_string(values.size()));
        detail::copy_elements<Device, Cpu>(data(), values.begin(), size());
    }

    /// A copy of an xtensor expression; throws Error where its shape does not fit.
    template <XtensorExpression E>
        requires is_host
    explicit Tensor(const E& source) {
        copy_xtensor(source);
    }
    template <XtensorExpression E>
        requires is_host
    Tensor& operator=(const E& source) {
        copy_xtensor(source);
        return *this;
    }

    /// Evaluates an expression.
    template <detail::Assignable E>
    Tensor(E&& expression) {
        assign(*this, std::forward<E>(expression));
    }
    template <detail::Assignable E>
    Tensor& operator=(E&& expression) {
        assign(*this, std::forward<E>(expression));
        return *this;
    }

    Tensor(const Tensor& other) { copy(other); }
    /// The elements of a tensor whose type knows more or fewer of its extents; throws Error where they do not fit.
    template <AnyShape From>
        requires(!std::same_as<From, S> && fits(S::static_extents, From::static_extents))
    Tensor(const Tensor<T, From, Device>& other) {
        resize(S(other.shape().extents()));
        detail::copy_elements<Device, Device>(data(), other.data(), size());
    }
    Tensor& operator=(const Tensor& other) {
        if (this != &other) copy(other);
        return *this;
    }
    Tensor(Tensor&&) noexcept = default;
    Tensor& operator=(Tensor&&) noexcept = default;

    /// Copies the elements of a tensor of the same shape, on any device, to where those of this one stand (assigning a temporary takes
    /// over its memory instead). https://pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    template <AnyShape From, class D>
        requires(fits(S::static_extents, From::static_extents))
    Tensor& copy_(const Tensor<T, From, D>& source) {
        if (source.shape().extents() != shape_.extents()) fail("Tensor::copy_", to_text(shape_.extents()), to_text(source.shape().extents()));
        detail::copy_elements<Device, D>(data(), source.data(), size());
        return *this;
    }

    /// The elements, in the device's memory.
    T* data() {
        detail::await_for_tests<Device>();
        return storage_.data();
    }
    const T* data() const {
        detail::await_for_tests<Device>();
        return storage_.data();
    }
    const S& shape() const { return shape_; }
    index_t size() const { return shape_.size(); }
    index_t extent(std::size_t dimension) const { return shape_.extent(dimension); }

    /// The memory: copies of it share a large tensor's elements and keep them alive, as expressions do.
    const detail::Storage<T, S, Device>& storage() const { return storage_; }

    TensorView<T, S, Device> view() { return {data(), shape_}; }
    TensorView<const T, S, Device> view() const { return {data(), shape_}; }

    T* begin() requires is_host { return data(); }
    T* end() requires is_host { return data() + size(); }
    const T* begin() const requires is_host { return data(); }
    const T* end() const requires is_host { return data() + size(); }

    /// The element at these positions, one for each dimension; throws Error outside the shape.
    template <std::convertible_to<index_t>... I>
        requires(is_host && sizeof...(I) == S::rank)
    T& operator()(I... position) {
        return data()[offset({static_cast<index_t>(position)...})];
    }
    template <std::convertible_to<index_t>... I>
        requires(is_host && sizeof...(I) == S::rank)
    const T& operator()(I... position) const {
        return data()[offset({static_cast<index_t>(position)...})];
    }

    /// The only element; throws Error if there is another number of them.
    T item() const {
        if (size() != 1) fail("Tensor::item", "one element", to_text(shape_.extents()));
        T result;
        detail::copy_elements<Cpu, Device>(&result, data(), 1);
        return result;
    }

    /// Moves the elements into POSIX shared memory: processes that fork() makes from now on read and write the same ones. Like
    /// PyTorch's, does nothing to elements that are there, and nothing on a GPU. Needs xnn/core/shared_memory.hpp, which says more.
    /// https://pytorch.org/docs/stable/generated/torch.Tensor.share_memory_.html
    Tensor& share_memory_() {
        detail::share_memory<Tensor>([this](auto& moves) { this->add_to(moves); });
        return *this;
    }
    /// Whether the elements are there; true on a GPU.
    bool is_shared() const {
        if constexpr (detail::is_stored_inline<T, S, Device>)
            return !std::same_as<Device, Cpu>;
        else
            return storage_.is_shared();
    }
    /// Adds the elements to those that move into shared memory together.
    template <class Moves>
    void add_to(Moves& moves) {
        static_assert(!detail::is_stored_inline<T, S, Device>, "a tensor of so few elements holds them itself, and cannot move them into shared memory: "
                                                               "make it a Parameter or an nn::Buffer, which can, or one of an extent that is dyn");
        if constexpr (std::same_as<Device, Cpu>) moves.add(storage_);
    }

    /// Takes over the elements of a tensor that is given up: its memory, or copies of them where those here are shared and have their number.
    void take(Tensor&& other) {
        if constexpr (!detail::is_stored_inline<T, S, Device> && std::same_as<Device, Cpu>) {
            if (storage_.is_shared() && size() == other.size()) {
                copy(other);
                return;
            }
        }
        *this = std::move(other);
    }

    Tensor& fill(T value) {
        detail::fill_elements<Device>(data(), size(), value);
        return *this;
    }

    /// Makes the extents these, without keeping the elements; allocates only if there were never as many.
    void resize(const S& shape) {
        storage_.reserve(shape.size());
        shape_ = shape;
    }

    /// The same memory as an xtensor container: views, printing, reductions, files. Fixed where the shape is. Needs
    /// xnn/xtensor.hpp, as do tensors from xtensor expressions.
    auto array() requires is_host { return detail::xtensor_bridge<T>().view(data(), shape_); }
    auto array() const requires is_host { return detail::xtensor_bridge<T>().view(data(), shape_); }

private:
    index_t offset(const Dims<S::rank>& position) const {
        const auto extents = shape_.extents();
        index_t result = 0;
        for (std::size_t i = 0; i < S::rank; ++i) {
            if (position[i] < 0 || position[i] >= extents[i]) detail::fail_position(extents.data(), position.data(), S::rank);
            result = result * extents[i] + position[i];
        }
        return result;
    }

    void copy(const Tensor& other) {
        resize(other.shape_);
        detail::copy_elements<Device, Device>(data(), other.data(), size());
    }

    template <class E>
    void copy_xtensor(const E& source) {
        resize(S(xtensor_extents<S::rank>(source)));
        array() = source;
    }

    XNN_NO_UNIQUE_ADDRESS S shape_{};
    detail::Storage<T, S, Device> storage_;
};

namespace detail {
/// Calls f(elements) with an array of this device where the host can read and write it.
template <class Device, class T, class F>
void edit_on_host(T* data, index_t n, F&& f) {
    if constexpr (is_host_memory<Device>) {
        f(data);
    } else {
        Tensor<T, Shape<dyn>, Cpu> copy(Shape<dyn>{n});
        copy_elements<Cpu, Device>(copy.data(), data, n);
        f(copy.data());
        copy_elements<Device, Cpu>(data, copy.data(), n);
    }
}
}  // namespace detail

/// The memory of an xtensor container as a view of this shape, without a copy; the container must outlive the view.
/// Throws Error where the shapes do not fit.
template <AnyShape S, XtensorContainer C>
auto as_tensor(C& container) {
    using T = std::remove_pointer_t<decltype(container.data())>;
    require_row_major(container);
    return TensorView<T, S, Cpu>{container.data(), S(xtensor_extents<S::rank>(container))};
}

}  // namespace xnn
