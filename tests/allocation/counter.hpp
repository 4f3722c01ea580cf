// Counts what a program takes from the heap: operator new always, malloc where no sanitizer stands before it.
#pragma once

#include <cstddef>

/// The number of allocations of this program so far.
std::size_t allocations();
