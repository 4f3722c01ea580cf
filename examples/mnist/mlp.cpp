#include "session_of.hpp"

template double mnist::run_mlp<xnn::Cpu>(const Options&);
