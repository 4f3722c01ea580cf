// Questions about a model that its type answers: for static_assert and for templates.
#pragma once

#include "xnn/nn/module.hpp"

namespace xnn {

namespace detail {

/// The Meta array that stands for an input: a Shape (of float), or a Tensor type where the dtype matters.
template <class Input>
struct meta_input {
    using type = MetaLeaf<float, Input>;
};
template <class T, class S, class Device>
struct meta_input<Tensor<T, S, Device>> {
    using type = MetaLeaf<T, S>;
};
template <class Model, class... Inputs>
using meta_output = decltype(std::declval<const Model&>()(std::declval<typename meta_input<Inputs>::type>()...));

template <class Output>
struct output_shape {
    using type = shape_t<decltype(main_result(std::declval<Output&>()))>;
};
template <class Problem>
struct output_shape<Invalid<Problem>> {
    static constexpr TheShapesFit fit = Problem{};
    using type = Shape<>;
};

}  // namespace detail

/// Whether a model takes inputs of these shapes: `accepts<LeNet, Shape<dyn, 1, 28, 28>>`. Where a dtype matters the input is
/// the type of a tensor: `accepts<Embedder, Tensor<std::int64_t, Shape<dyn>>>`.
template <class Model, class... Inputs>
inline constexpr bool accepts = !is_invalid<std::remove_cvref_t<detail::meta_output<Model, Inputs...>>>;

/// The shape of what a model makes of these inputs: `output_of<LeNet, Shape<dyn, 1, 28, 28>>` is `Shape<dyn, 10>`; of several
/// results that of the one called output. A model that does not take them does not compile.
template <class Model, class... Inputs>
using output_of = typename detail::output_shape<std::remove_cvref_t<detail::meta_output<Model, Inputs...>>>::type;

namespace detail {

template <class M>
constexpr index_t count_parameters() {
    index_t count = 0;
    nn::visit_members(undefined_object<M>(), [&](std::string_view, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (nn::detail::is_parameter<Member>) {
            static_assert(Member::shape_type::is_static, "parameter_count: a parameter whose shape is not static");
            count += Member::shape_type::static_size;
        } else if constexpr (nn::AnyModule<Member>) {
            count += count_parameters<Member>();
        } else if constexpr (nn::detail::is_list<Member>) {
            using Entry = typename Member::value_type;
            static_assert(requires { std::tuple_size<Member>::value; }, "parameter_count: a list whose length the type does not say");
            const auto length = static_cast<index_t>(std::tuple_size_v<Member>);
            if constexpr (nn::detail::is_parameter<Entry>)
                count += length * Entry::shape_type::static_size;
            else
                count += length * count_parameters<Entry>();
        }
    });
    return count;
}

}  // namespace detail

/// The number of elements of a model's parameters; tied ones count at each place.
template <class Model>
inline constexpr index_t parameter_count = detail::count_parameters<Model>();

}  // namespace xnn
