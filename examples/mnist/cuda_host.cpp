#include <xnn/cuda.hpp>

#include "session_of.hpp"

template double mnist::run_mlp<xnn::CudaHost>(const Options&);
template double mnist::run_lenet<xnn::CudaHost>(const Options&);
