// Numbers of a benchmark as operands of this library.
#pragma once

#include <algorithm>
#include <span>
#include <xnn/xnn.hpp>

namespace bench {

template <class S>
auto view(std::span<const float> numbers) {
    return xnn::TensorView<const float, S>{numbers.data()};
}

template <class S>
xnn::Parameter<float, S> parameter(std::span<const float> numbers) {
    xnn::Parameter<float, S> result;
    std::copy(numbers.begin(), numbers.end(), result.data());
    return result;
}

}  // namespace bench
