// The functors of all pointwise operations and activations.
#pragma once

#include "xnn/expr/functors/activation.hpp"
#include "xnn/expr/functors/arithmetic.hpp"
#include "xnn/expr/functors/comparison.hpp"
#include "xnn/expr/functors/exponential.hpp"
#include "xnn/expr/functors/piecewise.hpp"
#include "xnn/expr/functors/special.hpp"
#include "xnn/expr/functors/trigonometric.hpp"
