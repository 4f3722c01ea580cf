// Operations on arrays of which only the shape is known, and what a wrong one leaves behind.
#include "xnn/expr/meta.hpp"

#include <catch2/catch.hpp>

#include "xnn/expr/custom.hpp"
#include "xnn/expr/detach.hpp"
#include "xnn/ops/activation.hpp"
#include "xnn/ops/cat.hpp"
#include "xnn/ops/comparison.hpp"
#include "xnn/ops/expand.hpp"
#include "xnn/ops/extremum.hpp"
#include "xnn/ops/matmul.hpp"
#include "xnn/ops/view.hpp"

using namespace xnn;

namespace {

template <class S, class E>
constexpr bool has_shape(const E&) { return std::same_as<shape_t<E>, S> && is_meta<E>; }

struct Doubled {
    void forward(auto, auto) const {}
    void backward(auto...) const {}
};

constexpr MetaLeaf<float, Shape<2, 3>> x;
constexpr MetaLeaf<float, Shape<dyn, 3, 4>> y(Shape<dyn, 3, 4>{5});

static_assert(has_shape<Shape<2, 3>>(relu(x * 2 + 1) > 0));
static_assert(has_shape<Shape<dyn, 3, 4>>(y + unsqueeze<-1>(select<0>(x, 1))));
static_assert(has_shape<Shape<2>>(sum<1>(x)));
static_assert(has_shape<Shape<dyn, 1, 1>>(var<1, 2>(y, 0, keepdim)));
static_assert(has_shape<Shape<3>>(argmax<0>(x)));
static_assert(has_shape<Shape<2>>(max<1>(x).values));
static_assert(has_shape<Shape<>>(any(x)));
static_assert(has_shape<Shape<2, 4>>(cat<1>(x, slice<1, 0, 1>(x))));
static_assert(has_shape<Shape<2, 2, 3>>(stack<0>(x, flip<1>(x))));
static_assert(has_shape<Shape<3, 2>>(transpose<0, 1>(x)));
static_assert(has_shape<Shape<dyn, 4, 3>>(permute<0, 2, 1>(y)));
static_assert(has_shape<Shape<7, 2, 3>>(expand<7, -1, -1>(x)));
static_assert(has_shape<Shape<dyn, 2, 4>>(matmul(x, y)));
static_assert(has_shape<Shape<2, 2>>(matmul(x, transpose<0, 1>(x))));
static_assert(has_shape<Shape<2, 3>>(detach(inference(x))));
static_assert(has_shape<Shape<2, 3>>(custom(Doubled{}, x)));
static_assert(std::same_as<value_t<decltype(to<double>(x))>, double>);
static_assert((y * 2).shape().extents() == Dims<3>{5, 3, 4});

// A shape that does not fit leaves an Invalid, which passes through whatever follows.
static_assert(is_invalid<decltype(x + select<0>(x, 0) + unsqueeze<0>(sum<1>(x)))>);
static_assert(is_invalid<decltype(sum<2>(x))>);
static_assert(is_invalid<decltype(sum<0, 0>(x))>);
static_assert(is_invalid<decltype(relu(mean(-matmul(x, x))) * 2)>);
static_assert(is_invalid<decltype(cat<0>(x, sum<0>(x)))>);
static_assert(is_invalid<decltype(transpose<0, 1>(permute<0, 1, 2>(x)))>);
static_assert(is_invalid<decltype(slice<5, 0>(x))>);
static_assert(is_invalid<decltype(flip<0>(narrow<1, 4>(x, 0)))>);
static_assert(is_invalid<decltype(expand<2, 4>(x))>);
static_assert(is_invalid<decltype(where(x > 0, x, matmul(x, x)))>);

}  // namespace

TEST_CASE("meta: shapes without values", "[meta]") { REQUIRE(has_shape<Shape<2>>(sum<1>(x))); }
