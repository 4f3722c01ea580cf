// Reductions: what becomes of a set of elements. The loop that feeds them is in expr/reduce.hpp.
#pragma once

#include "xnn/cpu/reduce/extremum.hpp"
#include "xnn/cpu/reduce/logsumexp.hpp"
#include "xnn/cpu/reduce/norm.hpp"
#include "xnn/cpu/reduce/sums.hpp"
#include "xnn/cpu/reduce/variance.hpp"
