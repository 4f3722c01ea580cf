#include "session_of.hpp"

template double mnist::run_lenet<xnn::Cpu>(const Options&);
