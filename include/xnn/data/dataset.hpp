// Data sets: anything with a size() and an operator[] that gives the sample at a position.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "xnn/core/tensor.hpp"

namespace xnn::data {

/// A map-style data set, as torch.utils.data.Dataset. A sample is a number, a Tensor, a TensorView, or a tuple of them;
/// all samples have the same type and extents. Positions may be asked for by another thread than the one that made it.
template <class D>
concept Dataset = requires(const D& dataset, index_t position) {
    { dataset.size() } -> std::convertible_to<index_t>;
    dataset[position];
};

namespace detail {

template <class S>
struct drop_first;
template <index_t First, index_t... Rest>
struct drop_first<Shape<First, Rest...>> {
    using type = Shape<Rest...>;
};
/// The shape of one entry of a tensor along its first dimension.
template <AnyShape S>
using entry_shape = typename drop_first<S>::type;

template <class T, AnyShape S>
entry_shape<S> shape_of_entry(const Tensor<T, S>& tensor) {
    Dims<S::rank - 1> extents;
    for (std::size_t i = 1; i < S::rank; ++i) extents[i - 1] = tensor.extent(i);
    return entry_shape<S>(extents);
}

template <class T, AnyShape S>
auto entry_of(const Tensor<T, S>& tensor, index_t position) {
    const auto shape = shape_of_entry(tensor);
    return TensorView<const T, entry_shape<S>>{tensor.data() + position * shape.size(), shape};
}

/// Names are referred to, temporaries are held.
template <class T>
using held_t = std::conditional_t<std::is_lvalue_reference_v<T>, const std::remove_reference_t<T>&, T>;

}  // namespace detail

/// Tensors whose first extent counts the samples: sample i is the tuple of their i-th entries, as views. It refers to
/// tensors that it is given by name, which must outlive it, and takes temporaries into itself.
template <class... Tensors>
class TensorDataset {
    static_assert(sizeof...(Tensors) > 0, "a TensorDataset needs a tensor");
    static_assert(((std::remove_cvref_t<Tensors>::shape_type::rank > 0) && ...), "a scalar has no first extent");

public:
    /// Throws Error unless all first extents are the same.
    template <class... T>
        requires(sizeof...(T) == sizeof...(Tensors) && (std::constructible_from<Tensors, T&&> && ...))
    explicit TensorDataset(T&&... tensors) : tensors_(std::forward<T>(tensors)...) {
        std::apply(
            [&](const auto&... tensor) {
                if (((tensor.extent(0) != size()) || ...))
                    fail("TensorDataset", "tensors of one first extent", to_text(std::array{tensor.extent(0)...}));
            },
            tensors_);
    }

    index_t size() const { return std::get<0>(tensors_).extent(0); }

    /// Views of the entries at this position; throws Error if there is none.
    auto operator[](index_t position) const {
        if (position < 0 || position >= size())
            fail("TensorDataset", "a position in 0.." + std::to_string(size() - 1), std::to_string(position));
        return std::apply([&](const auto&... tensor) { return std::tuple(detail::entry_of(tensor, position)...); },
                          tensors_);
    }

    /// The tensors, whole.
    template <std::size_t I>
    const auto& get() const {
        return std::get<I>(tensors_);
    }

private:
    std::tuple<Tensors...> tensors_;
};

template <class... T>
    requires(requires { typename std::remove_cvref_t<T>::shape_type; } && ...)
TensorDataset(T&&...) -> TensorDataset<detail::held_t<T>...>;

/// A data set whose samples are what a function makes of another's: it is called with a sample's members, whenever the
/// sample is asked for, and returns the new sample.
template <Dataset D, class Function>
class TransformedDataset {
public:
    TransformedDataset(const D& dataset, Function function) : dataset_(&dataset), function_(std::move(function)) {}
    TransformedDataset(const D&&, Function) = delete;  // refers to the data set, which must outlive it

    index_t size() const { return dataset_->size(); }

    auto operator[](index_t position) const {
        decltype(auto) sample = (*dataset_)[position];
        if constexpr (requires { std::tuple_size<std::remove_cvref_t<decltype(sample)>>::value; })
            return std::apply(function_, sample);
        else
            return std::apply(function_, std::forward_as_tuple(sample));
    }

private:
    const D* dataset_;
    Function function_;
};

}  // namespace xnn::data
