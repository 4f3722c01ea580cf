// Normalisations.
#pragma once

#include "xnn/cpu/batch_norm.hpp"
#include "xnn/cpu/group_norm.hpp"
#include "xnn/cpu/layer_norm.hpp"
