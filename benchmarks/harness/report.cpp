#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace bench {
namespace {


std::string number(double value) {
    std::ostringstream text;
    text << std::setprecision(3);
    if (value >= 100) text << std::fixed << std::setprecision(0);
    text << value;
    return text.str();
}

std::string measured(double value, Unit unit) {
    if (unit == Unit::bytes) return number(value * 1e-6) + " MB";
    for (auto [name, factor] : {std::pair{" ns", 1e9}, {" µs", 1e6}, {" ms", 1e3}})
        if (value * factor < 1000) return number(value * factor) + name;
    return number(value) + " s";
}

/// The rate at which work of this cost is done, with its unit.
std::string rate(const Cost& cost, double seconds) {
    if (cost.items > 0) return number(cost.items / seconds) + " /s";
    if (cost.flops > 0) return number(cost.flops / seconds * 1e-9) + " GFLOP/s";
    if (cost.bytes > 0) return number(cost.bytes / seconds * 1e-9) + " GB/s";
    return "";
}

/// The rate as a part of what the machine can do, or 0.
double share(const Cost& cost, double seconds, const Machine& machine) {
    if (cost.flops > 0) return cost.flops / seconds / machine.flops();
    if (cost.bytes > 0) return cost.bytes / seconds / machine.copied;
    return 0;
}

int width_of(const std::string& column) { return std::max(11, static_cast<int>(column.size()) + 2); }

/// Pads to a width in characters, not bytes: µ is two bytes.
std::string pad(const std::string& text, int width, bool left = false) {
    const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    const std::string blanks(static_cast<std::size_t>(std::max<std::ptrdiff_t>(width - characters, 0)), ' ');
    return left ? text + blanks : blanks + text;
}

bool is_ours(const Timing& timing) { return timing.name == "xnn" || timing.name.starts_with("xnn "); }

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

/// Names in the order in which the works name them first; ours lead.
std::vector<std::string> columns_of(const std::vector<Outcome>& outcomes) {
    std::vector<std::string> names;
    for (const bool mine : {true, false})
        for (auto& outcome : outcomes)
            for (auto& timing : outcome.timings)
                if (is_ours(timing) == mine && std::find(names.begin(), names.end(), timing.name) == names.end()) names.push_back(timing.name);
    return names;
}

/// What a row says of a contestant: nothing if it does not take part.
std::string cell(const Outcome& outcome, const std::string& contestant, Unit unit) {
    for (auto& timing : outcome.timings)
        if (timing.name == contestant) return timing.wrong.empty() ? measured(timing.median, unit) : "WRONG";
    return "-";
}

std::string against(const Timing& us, const Timing& peer, Unit unit) {
    if (unit == Unit::bytes) return pad(number(us.median / peer.median), 9) + " of what " + peer.name + " takes";
    return pad(number(peer.median / us.median), 9) + " times as fast as " + peer.name;
}

void write_machine(std::ostream& out, const Machine& machine) {
    out << "share: of " << number(machine.flops() * 1e-9) << " GFLOP/s, the most that FMA reaches (";
    const char* separator = "";
    for (const Peak& peak : machine.peaks) {
        out << separator << number(peak.flops * 1e-9) << " in " << peak.bits << " bits";
        separator = ", ";
    }
    out << "), or of " << number(machine.copied * 1e-9) << " GB/s, read and written by a copy of " << (copied_bytes >> 20) << " MiB\n";
}

}  // namespace

const Timing* ours(const Outcome& outcome) {
    for (auto& timing : outcome.timings)
        if (is_ours(timing) && timing.wrong.empty()) return &timing;
    return nullptr;
}

const Timing* best_peer(const Outcome& outcome) {
    const Timing* best = nullptr;
    for (auto& timing : outcome.timings)
        if (!is_ours(timing) && timing.wrong.empty() && (!best || timing.median < best->median)) best = &timing;
    return best;
}

void write_table(std::ostream& out, const Report& report) {
    const bool timed = report.unit == Unit::seconds;
    out << report.suite << ", " << report.settings.threads << " thread(s), "
        << (timed ? "median of " + std::to_string(report.settings.rounds) + " interleaved rounds" : "most bytes in use") << '\n'
        << processor() << "; " << XNN_BENCH_COMPILER << "; peers: " << XNN_BENCH_PEERS << '\n';
    if (timed) write_machine(out, report.machine);

    const auto columns = columns_of(report.outcomes);
    std::size_t longest = 4;
    for (auto& outcome : report.outcomes) longest = std::max(longest, outcome.name.size());
    const int name_width = static_cast<int>(longest) + 1;
    out << pad("work", name_width, true);
    for (auto& column : columns) out << pad(column, width_of(column));
    if (timed) out << pad("xnn's rate", 14) << pad("share", 8);
    out << "     xnn against the best peer\n";
    for (auto& outcome : report.outcomes) {
        out << pad(outcome.name, name_width, true);
        for (auto& column : columns) out << pad(cell(outcome, column, report.unit), width_of(column));
        const Timing* us = ours(outcome);
        const Timing* peer = best_peer(outcome);
        if (timed) {
            const double part = us ? share(outcome.cost, us->median, report.machine) : 0;
            out << pad(us ? rate(outcome.cost, us->median) : "-", 14) << pad(part > 0 ? number(std::round(100 * part)) + " %" : "", 8);
        }
        if (us && peer) out << against(*us, *peer, report.unit);
        out << '\n';
        for (auto& timing : outcome.timings)
            if (!timing.wrong.empty()) out << "    " << timing.name << " is wrong: " << timing.wrong << '\n';
    }
    out.flush();
}

void write_json(std::ostream& out, const Report& report) {
    out << std::setprecision(9);
    out << "{\"suite\": " << quoted(report.suite) << ", \"processor\": " << quoted(processor())
        << ", \"compiler\": " << quoted(XNN_BENCH_COMPILER) << ", \"peers\": " << quoted(XNN_BENCH_PEERS)
        << ", \"threads\": " << report.settings.threads << ", \"rounds\": " << report.settings.rounds
        << ", \"unit\": " << (report.unit == Unit::bytes ? "\"bytes\"" : "\"s\"");
    if (report.unit == Unit::seconds) {
        out << ",\n\"machine\": {\"copy\": " << report.machine.copied << ", \"fma\": {";
        const char* separator = "";
        for (const Peak& peak : report.machine.peaks) {
            out << separator << '"' << peak.bits << "\": " << peak.flops;
            separator = ", ";
        }
        out << "}}";
    }
    out << ",\n\"works\": [";
    const char* work_separator = "\n";
    for (auto& outcome : report.outcomes) {
        out << work_separator << "  {\"name\": " << quoted(outcome.name);
        if (outcome.cost.flops > 0) out << ", \"flops\": " << outcome.cost.flops;
        if (outcome.cost.bytes > 0) out << ", \"bytes\": " << outcome.cost.bytes;
        if (outcome.cost.items > 0) out << ", \"items\": " << outcome.cost.items;
        const Timing* us = ours(outcome);
        const Timing* peer = best_peer(outcome);
        const double part = us ? share(outcome.cost, us->median, report.machine) : 0;
        if (part > 0) out << ", \"share\": " << part;
        if (us && peer)
            out << ", \"best_peer\": " << quoted(peer->name) << ", \"ratio\": " << peer->median / us->median;
        out << ", \"contestants\": {";
        const char* separator = "";
        for (auto& timing : outcome.timings) {
            out << separator << quoted(timing.name) << ": {";
            if (timing.wrong.empty())
                out << "\"median\": " << timing.median << ", \"best\": " << timing.best << "}";
            else
                out << "\"wrong\": " << quoted(timing.wrong) << "}";
            separator = ", ";
        }
        out << "}}";
        work_separator = ",\n";
    }
    out << "\n]}\n";
}

}  // namespace bench
