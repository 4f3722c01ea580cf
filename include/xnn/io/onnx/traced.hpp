// The device on which a model's forward writes a graph. Its arrays know their shapes and their names in the graph.
#pragma once

#include "xnn/expr/random_leaf.hpp"
#include "xnn/expr/reduce.hpp"
#include "xnn/expr/view.hpp"
#include "xnn/io/onnx/tracer.hpp"
#include "xnn/ops/reshape.hpp"

namespace xnn::onnx {

/// Takes operations down as operators of ONNX: what belongs to which is said by functions
///
///     std::string emit(Tracer& tracer, const What& what, const Call& call);
///
/// that return the name of the result. They are found by the types of their arguments, so that a program can add one for an
/// operation of its own, beside that.
struct Trace;

/// An array of a graph that is being written.
template <class T, AnyShape S>
class Traced {
public:
    using xnn_expression = void;
    using value_type = T;
    using shape_type = S;
    using device = Trace;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;

    Traced(Tracer& tracer, const S& shape, std::string name) : tracer_(&tracer), shape_(shape), name_(std::move(name)) {}

    const S& shape() const { return shape_; }
    Tracer& tracer() const { return *tracer_; }
    const std::string& name() const { return name_; }

private:
    Tracer* tracer_;
    XNN_NO_UNIQUE_ADDRESS S shape_;
    std::string name_;
};

/// An operation that no emit() takes; in an error message.
template <class Operation>
struct NoOperatorFor {};

namespace detail {

struct AnOnnxOperator {};

template <class What>
std::string emit_checked(Tracer& tracer, const What& what, const Call& call) {
    if constexpr (requires { std::string(emit(tracer, what, call)); }) {
        return emit(tracer, what, call);
    } else {
        [[maybe_unused]] AnOnnxOperator exists = NoOperatorFor<What>{};
        return {};
    }
}

template <AnyShape S>
std::vector<index_t> list_of(const S& shape) {
    const auto extents = shape.extents();
    return {extents.begin(), extents.end()};
}

// ---- operands as values of the graph

template <class E>
Value evaluated(Tracer& tracer, const E& e) {
    const auto extents = e.shape().extents();
    if (std::find(extents.begin(), extents.end(), dyn) != extents.end())
        fail("onnx", "an array of known extents where it depends on no input, or narrow_beside() and broadcast_beside()", to_text(extents));
    const Tensor<value_t<E>, shape_t<E>> tensor = e;
    return tracer.array(tensor.data(), dtype_of<value_t<E>>, list_of(tensor.shape()));
}
template <class E>
Value stored(Tracer& tracer, const E& leaf) {
    const auto* data = leaf.loader(typename E::State{}).p;
    const auto extents = list_of(leaf.shape());
    return data ? tracer.array(data, dtype_of<value_t<E>>, extents) : Value{"", dtype_of<value_t<E>>, extents, {}};
}

/// What depends on nothing traced is computed now.
template <class E>
Value value_of(Tracer& tracer, const E& e) { return evaluated(tracer, e); }
template <class T, class S>
Value value_of(Tracer&, const Traced<T, S>& x) { return {x.name(), dtype_of<T>, list_of(x.shape()), {}}; }
template <class T, class D>
Value value_of(Tracer&, const Number<T, D>& x) { return {"", dtype_of<T>, {}, static_cast<double>(x.number())}; }
template <class T, class S, class D, class Draw>
Value value_of(Tracer&, const RandomLeaf<T, S, D, Draw>& x) { return {"", dtype_of<T>, {}, x.otherwise()}; }
template <class T, class S, class D, bool G>
Value value_of(Tracer& tracer, const ParameterLeaf<T, S, D, G>& x) { return stored(tracer, x); }
template <class T, class S, class D>
Value value_of(Tracer& tracer, const ParameterRowsLeaf<T, S, D>& x) { return stored(tracer, x); }
template <class T, class S, class D>
Value value_of(Tracer& tracer, const ErasedParameterLeaf<T, S, D>& x) { return stored(tracer, x); }
template <class T, class S, class D>
Value value_of(Tracer& tracer, const TensorLeaf<T, S, D>& x) { return stored(tracer, x); }
template <class T, class S, class D>
Value value_of(Tracer& tracer, const ViewLeaf<T, S, D>& x) { return stored(tracer, x); }

/// Parameters keep their names under another shape …
template <class E, class S>
Value value_of(Tracer& tracer, const Reshape<E, S>& x) {
    Value value{tracer.op("Reshape", {value_of(tracer, x.child()).name, tracer.integers(list_of(x.shape()))}), dtype_of<value_t<E>>,
                list_of(x.shape()), {}};
    return value;
}
/// … and slice by slice.
template <class Map, class S, class E>
Value value_of(Tracer& tracer, const View<Map, S, E>& x) {
    constexpr std::size_t rank = S::rank;
    if constexpr (rank != shape_t<E>::rank) {
        return evaluated(tracer, x);
    } else {
        const auto from = x.child().shape().extents(), to = x.shape().extents();
        const auto inner = contiguous_strides(from);
        const auto strides = x.map().strides(from);
        index_t offset = x.map().offset(from);
        std::vector<index_t> starts, stops, axes, steps;
        for (std::size_t i = 0; i < rank; ++i) {
            if (inner[i] == 0 || strides[i] <= 0 || strides[i] % inner[i] != 0) return evaluated(tracer, x);
            const index_t start = offset / inner[i];
            offset %= inner[i];
            const index_t step = strides[i] / inner[i];
            if (start + (to[i] - 1) * step >= from[i]) return evaluated(tracer, x);  // a permutation
            if (start == 0 && to[i] == from[i]) continue;
            starts.push_back(start);
            stops.push_back(start + to[i] * step);
            steps.push_back(step);
            axes.push_back(static_cast<index_t>(i));
        }
        const auto child = value_of(tracer, x.child()).name;
        return {tracer.op("Slice", {child, tracer.integers(starts), tracer.integers(stops), tracer.integers(axes), tracer.integers(steps)}),
                dtype_of<value_t<E>>, list_of(x.shape()), {}};
    }
}

/// The same, of a dtype.
inline Value with_dtype(Tracer& tracer, Value value, Dtype dtype) {
    if (value.dtype != dtype && !value.number) value.name = tracer.cast(value.name, dtype);
    value.dtype = dtype;
    return value;
}
inline void name_numbers(Tracer& tracer, std::vector<Value>& values) {
    for (auto& value : values)
        if (value.number && value.name.empty()) value.name = tracer.number(*value.number, value.dtype);
}

template <class T, class S>
Tracer* tracer_of(const Traced<T, S>& x) { return &x.tracer(); }
template <class E>
Tracer* tracer_of(const E&) { return nullptr; }
template <class... E>
Tracer& tracer_among(const E&... operands) {
    Tracer* tracer = nullptr;
    ((tracer = tracer ? tracer : tracer_of(operands)), ...);
    return *tracer;
}

}  // namespace detail

struct Trace {
    static constexpr bool records = true;

    template <class T, class What, AnyShape S, class... E>
    static auto record(const What& what, const S& shape, const E&... operands) {
        Tracer& tracer = detail::tracer_among(operands...);
        return finish<T>(tracer, what, shape, {detail::value_of(tracer, operands)...});
    }
    template <class A, class T, class What, AnyShape S, class... E>
    static auto record_promoted(const What& what, const S& shape, const E&... operands) {
        Tracer& tracer = detail::tracer_among(operands...);
        std::vector<Value> arguments{detail::value_of(tracer, operands)...};
        for (std::size_t i = 0; i < arguments.size(); ++i)
            arguments[i] = detail::with_dtype(tracer, std::move(arguments[i]), takes_mask<What> && i == 0 ? Dtype::BOOL : dtype_of<A>);
        return finish<T>(tracer, what, shape, std::move(arguments));
    }
    template <class T, class Whole, AnyShape S>
    static auto record_part(const Traced<T, Whole>& whole, const S& shape) {
        return Traced<T, S>(whole.tracer(), shape, whole.tracer().next_part(whole.name()));
    }

    /// Ends the module's turn when it goes.
    class Scope {
    public:
        explicit Scope(Tracer& tracer) : tracer_(tracer) {}
        ~Scope() { tracer_.leave(); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        Tracer& tracer_;
    };
    template <class... E>
    static Scope enter(const void* module, const void* type, const E&... operands) {
        Tracer& tracer = detail::tracer_among(operands...);
        tracer.enter(module, type);
        return Scope(tracer);
    }

private:
    template <class T, class What, AnyShape S>
    static auto finish(Tracer& tracer, const What& what, const S& shape, std::vector<Value> arguments) {
        detail::name_numbers(tracer, arguments);
        const Call call{std::move(arguments), {"", dtype_of<T>, detail::list_of(shape), {}}};
        return Traced<T, S>(tracer, shape, detail::emit_checked(tracer, what, call));
    }
};

}  // namespace xnn::onnx
