#include "report.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace bench {
namespace {

constexpr int name_width = 30;

std::string number(double value) {
    std::ostringstream text;
    text << std::setprecision(3);
    if (value >= 100) text << std::fixed << std::setprecision(0);
    text << value;
    return text.str();
}

std::string duration(double seconds) {
    for (auto [unit, factor] : {std::pair{" ns", 1e9}, {" µs", 1e6}, {" ms", 1e3}})
        if (seconds * factor < 1000) return number(seconds * factor) + unit;
    return number(seconds) + " s";
}

/// The rate at which work of this cost is done, with its unit.
std::string rate(const Cost& cost, double seconds) {
    if (cost.flops > 0) return number(cost.flops / seconds * 1e-9) + " GFLOP/s";
    if (cost.bytes > 0) return number(cost.bytes / seconds * 1e-9) + " GB/s";
    if (cost.items > 0) return number(cost.items / seconds) + " /s";
    return "";
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

Table::Table(std::ostream& out, std::vector<std::string> columns) : out_(out), columns_(std::move(columns)) {
    out_ << pad("work", name_width, true);
    for (auto& column : columns_) out_ << pad(column, width_of(column));
    out_ << pad("xnn's rate", 16) << "   xnn against the best peer\n";
}

void Table::row(const Outcome& outcome) {
    out_ << pad(outcome.name, name_width, true);
    for (auto& column : columns_) {
        const auto timing = std::find_if(outcome.timings.begin(), outcome.timings.end(),
                                         [&](const Timing& t) { return t.name == column; });
        const bool absent = timing == outcome.timings.end();
        out_ << pad(absent ? "-" : timing->wrong.empty() ? duration(timing->median) : "WRONG", width_of(column));
    }
    const Timing* us = ours(outcome);
    const Timing* peer = best_peer(outcome);
    out_ << pad(us ? rate(outcome.cost, us->median) : "-", 16);
    if (us && peer) out_ << "   " << pad(number(peer->median / us->median), 5) << " times as fast as " << peer->name;
    out_ << '\n';
    for (auto& timing : outcome.timings)
        if (!timing.wrong.empty()) out_ << "    " << timing.name << " is wrong: " << timing.wrong << '\n';
    out_.flush();
}

void write_json(std::ostream& out, const std::string& suite, const Settings& settings,
                const std::vector<Outcome>& outcomes) {
    out << std::setprecision(9);
    out << "{\"suite\": " << quoted(suite) << ", \"processor\": " << quoted(processor())
        << ", \"compiler\": " << quoted(XNN_BENCH_COMPILER) << ", \"peers\": " << quoted(XNN_BENCH_PEERS)
        << ", \"threads\": " << settings.threads << ", \"rounds\": " << settings.rounds
        << ", \"unit\": \"s\", \"works\": [";
    const char* work_separator = "\n";
    for (auto& outcome : outcomes) {
        out << work_separator << "  {\"name\": " << quoted(outcome.name);
        if (outcome.cost.flops > 0) out << ", \"flops\": " << outcome.cost.flops;
        if (outcome.cost.bytes > 0) out << ", \"bytes\": " << outcome.cost.bytes;
        if (outcome.cost.items > 0) out << ", \"items\": " << outcome.cost.items;
        const Timing* us = ours(outcome);
        const Timing* peer = best_peer(outcome);
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
