// Pooling over one to three dimensions.
#pragma once

#include "xnn/cpu/avg_pool.hpp"
#include "xnn/cpu/max_pool.hpp"
