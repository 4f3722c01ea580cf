// A model as one of another dtype or on another device: a model of the same template with other arguments.
// https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
#pragma once

#include <type_traits>

#include "xnn/expr/loops.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/nn/module_dict.hpp"
#include "xnn/nn/module_list.hpp"
#include "xnn/nn/parameter_list.hpp"

namespace xnn {

/// A device that tensors can stand on.
template <class D>
concept TensorDevice = std::is_base_of_v<kernels::Device, D>;

namespace nn {

// Of headers that this one does not need.
template <class Layer, std::size_t NumLayers, class Norm>
struct TransformerEncoder;
template <class Layer, std::size_t NumLayers, class Norm>
struct TransformerDecoder;
template <class Layer>
struct FrozenConv;

/// In place of a dtype or a device: as it was.
struct Keep {};
template <class New, class Old>
using kept_t = std::conditional_t<std::same_as<New, Keep>, Old, New>;

/// The type that a module is with floating-point elements of type T on a device, either of which may be Keep. Layers whose last
/// template arguments are an element type and a device, containers, and modules without either are known; another module
/// says it itself: `template <class U, class D> using rebind = Net<nn::kept_t<U, T>, nn::kept_t<D, Device>, …>;`.
template <class M, class T, class Device>
struct Rebound {
    using type = M;
};
template <class M, class T, class Device>
using rebind_t = typename Rebound<M, T, Device>::type;

template <class M, class T, class Device>
    requires requires { typename M::template rebind<T, Device>; }
struct Rebound<M, T, Device> {
    using type = typename M::template rebind<T, Device>;
};

// One for each kind of arguments in front of the two: a list of them cannot stand in front of others.
#define XNN_REBIND(parameters, declarations, arguments)                                                                      \
    template <template <XNN_UNPACK parameters Floating, class> class M, XNN_UNPACK declarations Floating From, TensorDevice On, class T, class Device> \
        requires(!requires { typename M<XNN_UNPACK arguments From, On>::template rebind<T, Device>; })                       \
    struct Rebound<M<XNN_UNPACK arguments From, On>, T, Device> {                                                            \
        using type = M<XNN_UNPACK arguments kept_t<T, From>, kept_t<Device, On>>;                                            \
    };
#define XNN_UNPACK(...) __VA_ARGS__
XNN_REBIND((), (), ())
XNN_REBIND((auto, ), (auto A, ), (A, ))
XNN_REBIND((AnyShape, ), (AnyShape A, ), (A, ))
XNN_REBIND((AnyShape, auto, ), (AnyShape A, auto B, ), (A, B, ))
XNN_REBIND((auto, auto, ), (auto A, auto B, ), (A, B, ))
XNN_REBIND((auto, auto, auto, ), (auto A, auto B, auto C, ), (A, B, C, ))
XNN_REBIND((auto, auto, auto, auto, ), (auto A, auto B, auto C, auto D, ), (A, B, C, D, ))
XNN_REBIND((auto, auto, auto, auto, auto, ), (auto A, auto B, auto C, auto D, auto E, ), (A, B, C, D, E, ))
#undef XNN_UNPACK
#undef XNN_REBIND

template <class... Layers, class T, class Device>
struct Rebound<Sequential<Layers...>, T, Device> {
    using type = Sequential<rebind_t<Layers, T, Device>...>;
};
template <Name Label, class Layer, class T, class Device>
struct Rebound<Named<Label, Layer>, T, Device> {
    using type = Named<Label, rebind_t<Layer, T, Device>>;
};
template <std::size_t N, class Layer, class T, class Device>
struct Rebound<Repeated<N, Layer>, T, Device> {
    using type = Repeated<N, rebind_t<Layer, T, Device>>;
};
template <class... M, class T, class Device>
struct Rebound<ModuleList<M...>, T, Device> {
    using type = ModuleList<rebind_t<M, T, Device>...>;
};
template <class... Entries, class T, class Device>
struct Rebound<ModuleDict<Entries...>, T, Device> {
    using type = ModuleDict<rebind_t<Entries, T, Device>...>;
};
template <class From, class S, class On, class T, class Device>
struct Rebound<Parameter<From, S, On>, T, Device> {
    using type = Parameter<kept_t<T, From>, S, kept_t<Device, On>>;
};
template <class P, class T, class Device>
struct Rebound<ParameterList<P>, T, Device> {
    using type = ParameterList<rebind_t<P, T, Device>>;
};
template <class P, class T, class Device>
struct Rebound<ParameterDict<P>, T, Device> {
    using type = ParameterDict<rebind_t<P, T, Device>>;
};
template <class Layer, std::size_t N, class Norm, class T, class Device>
struct Rebound<TransformerEncoder<Layer, N, Norm>, T, Device> {
    using type = TransformerEncoder<rebind_t<Layer, T, Device>, N, rebind_t<Norm, T, Device>>;
};
template <class Layer, std::size_t N, class Norm, class T, class Device>
struct Rebound<TransformerDecoder<Layer, N, Norm>, T, Device> {
    using type = TransformerDecoder<rebind_t<Layer, T, Device>, N, rebind_t<Norm, T, Device>>;
};
template <class Layer, class T, class Device>
struct Rebound<FrozenConv<Layer>, T, Device> {
    using type = FrozenConv<rebind_t<Layer, T, Device>>;
};

namespace detail {

template <class T, class S, class D, class U, class E>
void convert_elements(Tensor<T, S, D>& to, const Tensor<U, S, E>& from) {
    to.resize(from.shape());
    if constexpr (std::same_as<T, U>) {
        xnn::detail::copy_elements<D, E>(to.data(), from.data(), from.size());
    } else {
        Tensor<U, Shape<dyn>, Cpu> read(Shape<dyn>{from.size()});
        Tensor<T, Shape<dyn>, Cpu> written(read.shape());
        xnn::detail::copy_elements<Cpu, E>(read.data(), from.data(), from.size());
        for (index_t i = 0; i < from.size(); ++i) written.data()[i] = static_cast<T>(static_cast<compute_t<T>>(static_cast<compute_t<U>>(read.data()[i])));
        xnn::detail::copy_elements<D, Cpu>(to.data(), written.data(), from.size());
    }
}

/// Whether two parameters or buffers are one in two forms: of the same shape; anything else is judged where it is converted.
template <class A, class B>
inline constexpr bool same_shape = true;
template <class A, class B>
    requires requires { typename A::shape_type; typename B::shape_type; }
inline constexpr bool same_shape<A, B> = std::same_as<typename A::shape_type, typename B::shape_type>;

template <class To, class From, class T, class Device>
inline constexpr bool is_rebound = false;
template <AnyModule To, AnyModule From, class T, class Device>
inline constexpr bool is_rebound<To, From, T, Device> = std::same_as<To, rebind_t<From, T, Device>>;

template <class M>
inline constexpr bool is_state = is_parameter<M> || is_buffer<M> || AnyModule<M> || ModuleListMember<M> || ParameterListMember<M>;

/// What a module was made with: options that are numbers. An aggregate's are its other members.
template <class To, class From>
void convert_options(To& to, const From& from) {
#define XNN_OPTION(name) \
    if constexpr (requires { to.name = from.name; }) to.name = from.name;
    if constexpr (std::is_aggregate_v<To> && !requires { To::visit_own_members(to, [](auto&&...) {}); }) {
        const auto a = xnn::detail::member_pointers(to);
        const auto b = xnn::detail::member_pointers(from);
        static_assert(decltype(a)::size == decltype(b)::size, "to: a module whose members differ with its dtype or device");
        for_each_index<decltype(a)::size>([&](auto i) {
            using A = std::remove_cvref_t<decltype(*get<i>(a))>;
            if constexpr (!is_state<A> && std::same_as<A, std::remove_cvref_t<decltype(*get<i>(b))>> && std::is_copy_assignable_v<A>) *get<i>(a) = *get<i>(b);
        });
    } else {
        XNN_OPTION(training)
        XNN_OPTION(eps)
        XNN_OPTION(momentum)
        XNN_OPTION(p)
        XNN_OPTION(dropout)
        XNN_OPTION(max_norm)
        XNN_OPTION(norm_type)
        XNN_OPTION(scale_grad_by_freq)
    }
#undef XNN_OPTION
}

template <class T, class Device, class To, class From>
void convert(To& to, const From& from) {
    if constexpr (is_parameter<To>) {
        convert_elements(to.value(), from.value());
        to.requires_grad_(from.requires_grad());
    } else if constexpr (is_buffer<To>) {
        convert_elements(to.value(), from.value());
    } else if constexpr (std::same_as<To, From>) {
        to = from;
    } else if constexpr (is_list<To>) {
        if constexpr (requires { to.resize(from.size()); }) to.resize(from.size());
        for (std::size_t i = 0; i < from.size(); ++i) convert<T, Device>(to[i], from[i]);
    } else if constexpr (requires { to.keys(); }) {
        for (const auto& [name, value] : from) {
            to.set(name, {});
            convert<T, Device>(to[name], value);
        }
    } else {
        convert_options(to, from);
        visit_members(to, [&](std::string_view name, auto& member) {
            using Member = std::remove_cvref_t<decltype(member)>;
            visit_members(from, [&](std::string_view other_name, const auto& other) {
                using Other = std::remove_cvref_t<decltype(other)>;
                constexpr bool both = (is_parameter<Member> && is_parameter<Other>) || (is_buffer<Member> && is_buffer<Other>) ||
                                      (is_list<Member> && is_list<Other>) || is_rebound<Member, Other, T, Device>;
                if constexpr (both && same_shape<Member, Other>)
                    if (name == other_name) convert<T, Device>(member, other);
            });
        });
    }
}

/// Refuses to compile a model that stayed as it was, in whole or in part, because nothing says what it becomes.
template <class T, class Device, class M>
void require_converted(M& model) {
    visit_modules(model, [](const Path&, auto& module) {
        const auto require = []<class State>(const Path&, const State&) {
            using U = typename State::value_type;
            using On = typename State::device;
            static_assert((!Floating<U> || std::same_as<kept_t<T, U>, U>) && std::same_as<kept_t<Device, On>, On>,
                          "to: a module that does not say what it is with another dtype or device: give it a `template <class U, class D> using rebind`");
        };
        visit_own_parameters(module, nullptr, require);
        visit_own_buffers(module, nullptr, require);
    });
}

}  // namespace detail
}  // namespace nn

/// The model on another device, with its state: `auto on_gpu = to<Cuda>(model);`. Parameters that a constructor ties are tied.
template <TensorDevice D, nn::AnyModule M>
nn::rebind_t<M, nn::Keep, D> to(const M& model) {
    nn::rebind_t<M, nn::Keep, D> result;
    nn::detail::require_converted<nn::Keep, D>(result);
    nn::detail::convert<nn::Keep, D>(result, model);
    return result;
}
/// The model with parameters and buffers of another floating-point type, rounded: `auto half = to<float16>(model);`.
template <Floating T, nn::AnyModule M>
nn::rebind_t<M, T, nn::Keep> to(const M& model) {
    nn::rebind_t<M, T, nn::Keep> result;
    nn::detail::require_converted<T, nn::Keep>(result);
    nn::detail::convert<T, nn::Keep>(result, model);
    return result;
}

/// The elements on another device.
template <TensorDevice D, Element T, AnyShape S, class From>
Tensor<T, S, D> to(const Tensor<T, S, From>& tensor) {
    Tensor<T, S, D> result;
    nn::detail::convert_elements(result, tensor);
    return result;
}
template <TensorDevice D, class T, AnyShape S, class From>
Tensor<std::remove_const_t<T>, S, D> to(const TensorView<T, S, From>& view) {
    Tensor<std::remove_const_t<T>, S, D> result;
    result.resize(view.shape);
    detail::copy_elements<D, From>(result.data(), static_cast<const std::remove_const_t<T>*>(view.data), view.size());
    return result;
}
/// The value of an expression on another device.
template <TensorDevice D, Expression E>
auto to(const E& expression) { return to<D>(expression.value()); }

namespace nn {

// PyTorch's names of conversions.

template <AnyModule M>
auto cpu(const M& model) { return xnn::to<Cpu>(model); }
template <AnyModule M>
auto half(const M& model) { return xnn::to<float16>(model); }
template <AnyModule M>
auto bfloat16(const M& model) { return xnn::to<xnn::bfloat16>(model); }

}  // namespace nn
}  // namespace xnn
