// What the program does: train, report, save, load again.
#pragma once

#include "options.hpp"

namespace tagger {

/// Returns the share of the test words that got the right tag.
double run_session(const Options& options);

}  // namespace tagger
