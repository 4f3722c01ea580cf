// What the fuzzers share: a reader may throw xnn::Error and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/core/named_buffer.hpp"

namespace fuzz {

inline std::vector<std::byte> bytes(const std::uint8_t* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::byte*>(data);
    return {first, first + size};
}

/// Runs read(); anything but success or xnn::Error ends the program, which is a finding.
template <class Read>
int accept_errors(Read&& read) {
    try {
        read();
    } catch (const xnn::Error&) {}
    return 0;
}

/// Memory for the entries of a file, as a module that they fit would have it; of the first 64 KiB of them.
class Model {
public:
    template <class Entries>
    explicit Model(const Entries& entries) {
        std::size_t total = 0;
        for (const auto& entry : entries) {
            xnn::NamedBuffer buffer{entry.name, entry.dtype, entry.extents, nullptr};
            const auto size = static_cast<std::size_t>(buffer.bytes());
            if (size > limit || total + size > limit) continue;
            total += size;
            memory_.emplace_back(size);  // of its own, so that the sanitizer sees its end
            buffer.data = memory_.back().data();
            state_.push_back(std::move(buffer));
        }
    }
    const xnn::StateDict& state() const { return state_; }

private:
    static constexpr std::size_t limit = 65536;
    std::vector<std::vector<std::byte>> memory_;
    xnn::StateDict state_;
};

}  // namespace fuzz
