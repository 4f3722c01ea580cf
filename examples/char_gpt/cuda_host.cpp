#include <xnn/cuda.hpp>

#include "session_of.hpp"

template void char_gpt::run<xnn::CudaHost>(const Options&);
