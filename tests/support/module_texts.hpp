// What PyTorch prints of modules and how it names what is in them: tests/oracle/module_texts.py.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "xnn/nn/print.hpp"

/// The records of a file by name.
inline std::map<std::string, std::string> read_records(const std::string& file_name) {
    std::map<std::string, std::string> result;
    std::ifstream file(XNN_FIXTURES "/" + file_name);
    std::string name;
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("# "))
            name = line.substr(2);
        else
            result[name] += line + "\n";
    return result;
}

template <class Named>
std::string names_of(const char* label, const std::vector<Named>& all) {
    std::string names = label;
    for (const auto& one : all)
        if (!one.name.empty()) names += " " + one.name;
    return names + "\n";
}

/// Line by line, so that a failure shows one.
template <class M>
void check_text(const std::string& file, const std::string& name, M& module) {
    INFO(name);
    const auto records = read_records(file);
    REQUIRE(records.contains(name));
    std::stringstream text;
    text << module << '\n'
         << names_of("parameters:", module.parameters()) << names_of("buffers:", module.named_buffers()) << names_of("modules:", module.named_modules())
         << names_of("state:", module.state_dict());
    std::istringstream expected(records.at(name));
    for (std::string line, ours; std::getline(expected, line);) {
        std::getline(text, ours);
        CHECK(ours == line);
    }
    REQUIRE(text.peek() == std::stringstream::traits_type::eof());
}
