// Losses against PyTorch's.
#pragma once

#include "fixture.hpp"
#include "xnn/core/reduction.hpp"

namespace losses {

using namespace xnn;
using Scores = Shape<4, 3>;  // the input of most cases

template <Reduction R>
inline const char* const reduction_name = R == Reduction::none ? " none" : R == Reduction::mean ? " mean" : " sum";

template <class T, AnyShape X, class Criterion, class Target>
void check_against(const std::string& name, const Criterion& criterion, const Target& target, double tolerance = tolerance_of<T>) {
    INFO(name << " in " << name_of(dtype_of<T>));
    const auto& fixture = layer_fixture();
    Parameter<T, X> x(fixture.tensor<T, X>(name + "/x"));
    const auto y = criterion(x, target);
    using Y = typename decltype(y)::shape_type;
    y.backward(fixture.tensor<T, Y>(name + "/gy").view());
    fixture.require_close(y.value().data, y.value().size(), name + "/y", tolerance);
    fixture.require_close(x.grad().data(), x.size(), name + "/gx", tolerance);
}
/// The target is an array like the input.
template <class T, AnyShape X = Scores, class Criterion>
void check_loss(const std::string& name, const Criterion& criterion, double tolerance = tolerance_of<T>) {
    const auto& fixture = layer_fixture();
    Parameter<T, X> target(fixture.tensor<T, X>(name + "/t"));
    check_against<T, X>(name, criterion, target, tolerance);
    if (fixture.contains(name + "/gt")) fixture.require_close(target.grad().data(), target.size(), name + "/gt", tolerance_of<T>);
}
/// The target is class indices.
template <class T, AnyShape X, AnyShape Target, class Criterion>
void check_classes(const std::string& name, const Criterion& criterion) {
    check_against<T, X>(name, criterion, layer_fixture().tensor<std::int64_t, Target>(name + "/t"));
}

template <class T>
Tensor<T, Shape<3>> weight(const char* name) { return layer_fixture().tensor<T, Shape<3>>(name); }

}  // namespace losses
