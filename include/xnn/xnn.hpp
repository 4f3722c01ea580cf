// Everything that a program for the CPU needs: tensors, expressions, layers, optimisers, loaders. It depends on xtensor,
// xtl and xsimd alone. What needs another library, or is not needed in most programs, is included by itself:
// io/safetensors.hpp (nlohmann-json), data/mnist.hpp (zlib), io/npy.hpp, io/csv.hpp, tools/….hpp.
#pragma once

#include "xnn/core/device.hpp"
#include "xnn/core/dtype.hpp"
#include "xnn/core/error.hpp"
#include "xnn/core/generator.hpp"
#include "xnn/core/parallel.hpp"
#include "xnn/core/shape.hpp"
#include "xnn/core/tensor.hpp"

#include "xnn/expr/assign.hpp"
#include "xnn/expr/grad_mode.hpp"

#include "xnn/ops/activation.hpp"
#include "xnn/ops/cast.hpp"
#include "xnn/ops/comparison.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/pointwise.hpp"
#include "xnn/ops/reshape.hpp"
#include "xnn/ops/softmax.hpp"

#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/conv.hpp"
#include "xnn/nn/cost.hpp"
#include "xnn/nn/flatten.hpp"
#include "xnn/nn/init.hpp"
#include "xnn/nn/linear.hpp"
#include "xnn/nn/loss.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/nn/pooling.hpp"

#include "xnn/optim/adam.hpp"
#include "xnn/optim/adamw.hpp"
#include "xnn/optim/lr_scheduler.hpp"
#include "xnn/optim/sgd.hpp"

#include "xnn/data/dataset.hpp"
#include "xnn/data/loader.hpp"
