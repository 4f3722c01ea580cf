// Operations with several results: such an operation computes them one after the other into one array, and each result is a
// part of it. The array is a shared node: evaluated once whichever results are used, and differentiated once when the
// gradients of all of them are in. What nobody uses has the gradient 0.
#pragma once

#include "xnn/expr/apply.hpp"

namespace xnn {

/// The elements of E from an offset on, as an array of shape S. E is a handle.
template <class E, AnyShape S>
class ResultPart : public Node<ResultPart<E, S>, value_t<E>, S, device_t<E>>, public StoredNode<ResultPart<E, S>> {
    using T = value_t<E>;
    using Device = device_t<E>;

public:
    static constexpr bool requires_grad = E::requires_grad;
    static constexpr bool inference = is_inference<E>;
    static constexpr bool hooked = is_hooked<E>;
    static constexpr bool is_leaf = true;
    using State = typename E::State;

    ResultPart(E whole, index_t offset, const S& shape) : whole_(std::move(whole)), offset_(offset), shape_(shape) {}

    const S& shape() const { return shape_; }
    State forward(Arena<Device>& arena) const { return whole_.forward(arena); }
    Ptr<T> loader(const State& state) const { return Ptr<T>(whole_.loader(state).p + offset_); }

    Target<T> open(Pass<Device>& pass, const State& state) const {
        const Target<T> target = whole_.open(pass, state);
        if (!target) return target;
        if (!target.accumulate) {  // the first use of any part: the others may never have one
            const index_t end = offset_ + shape_.size();
            fill(Device{}, target.data, offset_, T(0));
            fill(Device{}, target.data + end, whole_.shape().size() - end, T(0));
        }
        return {target.data + offset_, target.accumulate};
    }
    void close(Pass<Device>& pass, const State& state, Target<T> target) const { whole_.close(pass, state, target); }

private:
    E whole_;
    index_t offset_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
};

/// The part of this shape that begins at an offset of an operation's result. `whole` is what operand() makes of a name.
template <class E, AnyShape S>
constexpr auto part_of(const E& whole, index_t offset, const S& shape) {
    if constexpr (is_invalid<E>)
        return whole;
    else if constexpr (is_meta<E>)
        return detail::meta_result<value_t<E>, detail::ViewCharge, E>(shape, whole.ledger());
    else if constexpr (is_recorded<E>)
        return device_t<E>::record_part(whole, shape);
    else
        return ResultPart<E, S>(whole, offset, shape);
}

/// What stands for a call where one array is wanted: its result or, of several, the one called output.
template <class Result>
constexpr auto& main_result(Result& result) {
    if constexpr (requires { result.output; })
        return result.output;
    else
        return result;
}

}  // namespace xnn
