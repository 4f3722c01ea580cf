// What tests see of the fake cuDNN, and what they make it refuse.
#pragma once

#include <cudnn.h>

#include <map>
#include <string>

namespace fake {

struct Dnn {
    std::map<std::string, cudnnStatus_t> answers;  // of calls that do not succeed, by their names
    int asked = 0;                                 // for the size of a workspace
    // Of the last convolution:
    int dimensions = 0;
    cudnnMathType_t math{};
    cudnnDataType_t compute{};
    cudaStream_t stream = nullptr;
    std::size_t workspace = 0;
};
Dnn& dnn();

}  // namespace fake
