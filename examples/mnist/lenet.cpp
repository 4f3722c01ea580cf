#include "session_of.hpp"

double mnist::run_lenet(const Options& options) { return run_session<LeNet>(options); }
