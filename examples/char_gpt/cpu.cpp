#include "session_of.hpp"

template void char_gpt::run<xnn::Cpu>(const Options&);
