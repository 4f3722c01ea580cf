// Parameters of a network as its peers take them over.
#pragma once

#include <cstdint>
#include <vector>

/// A parameter's value.
struct Weight {
    std::vector<std::int64_t> extents;
    std::vector<float> numbers;
};

/// Those of an xnn::StateDict of floats.
template <class StateDict>
std::vector<Weight> weights_of(const StateDict& entries) {
    std::vector<Weight> result;
    for (const auto& entry : entries) {
        const auto* numbers = static_cast<const float*>(entry.data);
        result.push_back({entry.extents, {numbers, numbers + entry.bytes() / sizeof(float)}});
    }
    return result;
}
