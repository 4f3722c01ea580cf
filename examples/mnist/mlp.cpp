#include "session_of.hpp"

double mnist::run_mlp(const Options& options) { return run_session<Mlp>(options); }
