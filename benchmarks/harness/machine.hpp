// What this machine can do at most, measured when a suite begins: what a rate is a share of.
#pragma once

#include <cstddef>
#include <vector>

namespace bench {

/// Multiply-adds in registers of this width, nothing else.
struct Peak {
    int bits;
    double flops;  // a second, all threads together
};

struct Machine {
    std::vector<Peak> peaks;  // widths that this program was compiled for, the widest last
    double copied = 0;        // bytes read and written a second by a copy in main memory, all threads together

    /// The fastest of the peaks: the widest need not be.
    double flops() const;
};

/// What one array of the copy holds: more than any cache.
inline constexpr std::size_t copied_bytes = 128 << 20;

/// Takes half a second or so.
Machine measure_machine(int threads);

}  // namespace bench
