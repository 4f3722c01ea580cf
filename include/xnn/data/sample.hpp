// Samples into batches: the type of a batch follows from the type of a sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "xnn/core/tensor.hpp"

namespace xnn::data::detail {

// What a member of a sample is made of: a number stands for a tensor without dimensions.
template <class T, index_t... D>
TensorView<const T, Shape<D...>> member_view(const TensorView<T, Shape<D...>>& view) {
    return view;
}
template <class T, AnyShape S>
TensorView<const T, S> member_view(const Tensor<T, S>& tensor) {
    return tensor.view();
}
template <Element T>
TensorView<const T, Shape<>> member_view(const T& number) {
    return {&number, {}};
}

template <class Sample>
concept TupleLike = requires { std::tuple_size<Sample>::value; };

/// A sample's members as a tuple of references; of one that is no tuple, itself.
template <class Sample>
auto members(const Sample& sample) {
    if constexpr (TupleLike<Sample>)
        return std::apply([](const auto&... member) { return std::tie(member...); }, sample);
    else
        return std::tie(sample);
}

template <index_t Batch, class View>
struct batch_of_view;
template <index_t Batch, class T, index_t... D>
struct batch_of_view<Batch, TensorView<const T, Shape<D...>>> {
    using type = Tensor<T, Shape<Batch, D...>>;
};

template <index_t Batch, class Members>
struct batch_of_members;
template <index_t Batch, class... M>
struct batch_of_members<Batch, std::tuple<M&...>> {
    using type = std::tuple<typename batch_of_view<Batch, decltype(member_view(std::declval<M&>()))>::type...>;
    using reference =
        std::tuple<const typename batch_of_view<Batch, decltype(member_view(std::declval<M&>()))>::type&...>;
};

/// The tensors that hold `Batch` samples: a tuple, even if there is only one.
template <index_t Batch, class Sample>
using batch_of = batch_of_members<Batch, decltype(members(std::declval<const Sample&>()))>;

/// Puts one member of sample `i` of `count` where it belongs in its batch; the first one settles the extents.
template <class T, AnyShape BatchShape, AnyShape S>
void put_member(Tensor<T, BatchShape>& batch, index_t i, index_t count, const TensorView<const T, S>& member) {
    Dims<S::rank + 1> extents{count};
    std::ranges::copy(member.shape.extents(), extents.begin() + 1);
    if (i == 0)
        batch.resize(BatchShape(extents));
    else if (batch.shape().extents() != extents)
        fail("DataLoader", "samples of one shape, a batch of " + to_text(batch.shape().extents()), to_text(extents));
    std::copy_n(member.data, member.size(), batch.data() + i * member.size());
}

/// Puts sample `i` of `count` into a batch.
template <class Batch, class Sample>
void put_sample(Batch& batch, index_t i, index_t count, const Sample& sample) {
    const auto parts = members(sample);
    [&]<std::size_t... K>(std::index_sequence<K...>) {
        (put_member(std::get<K>(batch), i, count, member_view(std::get<K>(parts))), ...);
    }(std::make_index_sequence<std::tuple_size_v<Batch>>{});
}

}  // namespace xnn::data::detail
