// Elementary functions under one name for registers and for single numbers. Each register function states its largest error
// in units in the last place; a lane's result depends on that lane alone, never on its neighbours.
#pragma once

#include "xnn/core/math.hpp"
#include "xnn/cpu/math/basic.hpp"
#include "xnn/cpu/math/exponential.hpp"
#include "xnn/cpu/math/gelu.hpp"
#include "xnn/cpu/math/hyperbolic.hpp"
#include "xnn/cpu/math/special.hpp"
#include "xnn/cpu/math/trigonometric.hpp"
