#include <xnn/cuda.hpp>

#include "session_of.hpp"

template double mnist::run_mlp<xnn::Cuda>(const Options&);
template double mnist::run_lenet<xnn::Cuda>(const Options&);
