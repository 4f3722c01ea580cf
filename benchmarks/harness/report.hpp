// What people and programs read of a suite.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "machine.hpp"
#include "measure.hpp"

namespace bench {

enum class Unit { seconds, bytes };

/// What a suite was measured with.
struct Report {
    std::string suite;
    Settings settings;
    Unit unit;
    Machine machine;  // not measured, and empty, where a suite measures bytes
    std::vector<Outcome> outcomes;
};

/// The machine, the peers with their versions, and a row for each work: the time of each contestant, ours as a rate and as
/// a share of what the machine can do, and how many times as fast as the best peer we are.
void write_table(std::ostream& out, const Report& report);
void write_json(std::ostream& out, const Report& report);

/// The fastest peer whose result is right, or null.
const Timing* best_peer(const Outcome& outcome);

/// Our contestant, or null.
const Timing* ours(const Outcome& outcome);

}  // namespace bench
