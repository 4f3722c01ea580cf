// What people and programs read of a suite's outcomes.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "measure.hpp"

namespace bench {

/// A suite's table: the time of each contestant, ours as a rate, and how many times as fast as the best peer we are.
class Table {
public:
    Table(std::ostream& out, std::vector<std::string> columns);
    void row(const Outcome& outcome);

private:
    std::ostream& out_;
    std::vector<std::string> columns_;
};

/// The fastest peer whose result is right, or null.
const Timing* best_peer(const Outcome& outcome);

/// Our contestant, or null.
const Timing* ours(const Outcome& outcome);

void write_json(std::ostream& out, const std::string& suite, const Settings& settings,
                const std::vector<Outcome>& outcomes);

}  // namespace bench
