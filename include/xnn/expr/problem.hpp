// What a compiler says about a network whose shapes do not fit: one sentence, at the first mistake.
//
// A rule that fails makes an Invalid expression, which every further operation hands on unchanged, so that nothing fails
// behind it. Whether the program may contain it is asked once: expressions on the device Meta may (that is how
// accepts<Model, Shape> finds out), others report the problem as a compile error.
#pragma once

#include <initializer_list>
#include <string>
#include <type_traits>

#include "xnn/core/device.hpp"
#include "xnn/core/shape.hpp"

namespace xnn {

/// What a layer or an operation can be given.
template <class...>
struct Expects {};
/// Expectations of operations that take more than one shape.
template <index_t Extent>
struct LastExtent {};             ///< any shape that ends so
template <auto KernelSize>
struct ExtentsOfAtLeast {};       ///< the last extents, with their padding
template <std::size_t Rank, auto Padding>
struct ExtentsToPad {};           ///< Rank extents or more, the last ones large enough for what is added from them
struct PatchesThatFillImages {};  ///< [batch, channels * kernel, places of the kernel]
struct ShapesThatBroadcast {};    ///< equal from the last dimension on, or 1
struct TargetsForLogits {};       ///< class indices [batch, d…] or probabilities [batch, classes, d…]
struct OneDtype {};               ///< the same floating-point dtype for all arguments
struct OneDevice {};              ///< all arguments on one device: to<Device>(x) moves them
/// What it was given.
template <class...>
struct Got {};
/// An operation that cannot take its arguments: a sentence to be read in an error message.
template <class Operation, class Expected, class Given>
struct Mismatch {};
/// The same in a chain, with the layer's position in it, from 0.
template <std::size_t Index, class Layer, class Expected, class Given>
struct LayerMismatch {};

/// The same in a chain within a chain.
template <std::size_t Index, class Problem>
struct InLayer {};

/// The result of an operation that cannot be: remembers why.
template <class Problem>
struct Invalid {
    using xnn_expression = void;
    using value_type = float;
    using shape_type = Shape<>;
    using device = Meta;
    using problem = Problem;
    static constexpr bool requires_grad = false;
    static constexpr bool is_leaf = true;

    constexpr Shape<> shape() const { return {}; }
    // After the error has been reported, whatever a program does with a result shall not add to it.
    constexpr float item() const { return 0; }
    constexpr void backward() const {}
};

template <class E>
inline constexpr bool is_invalid = false;
template <class Problem>
inline constexpr bool is_invalid<Invalid<Problem>> = true;

namespace detail {
struct TheShapesFit {};
template <class Problem>
constexpr void require_fit() {
    [[maybe_unused]] TheShapesFit fit = Problem{};
}
}  // namespace detail

namespace detail {
struct ExtentsText {
    const index_t* extents;
    std::size_t rank;
};
[[noreturn, gnu::cold, gnu::noinline]] inline void fail_shapes(std::string_view operation, std::string_view expected,
                                                               std::initializer_list<ExtentsText> shapes) {
    std::string text;
    for (const auto& shape : shapes) text += (text.empty() ? "" : " and ") + extents_text(shape.extents, shape.rank);
    fail(operation, expected, text);
}
}  // namespace detail

/// Throws Error unless a rule accepts the shapes of this run. Where all extents are known the compiler has looked already.
template <class Rule, AnyShape... S>
constexpr void require_shapes(std::string_view operation, std::string_view expected, const S&... shapes) {
    if constexpr (!(S::is_static && ...))
        if (!Rule::accepts(shapes.extents()...)) [&](const auto&... extents) {
            detail::fail_shapes(operation, expected, {detail::ExtentsText{extents.data(), extents.size()}...});
        }(shapes.extents()...);
}

/// Refuses an operation for a reason that its type says.
template <class Problem, bool IsMeta>
constexpr Invalid<Problem> reject() {
    if constexpr (!IsMeta) detail::require_fit<Problem>();
    return {};
}

}  // namespace xnn
