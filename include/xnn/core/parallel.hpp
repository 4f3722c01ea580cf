// Parallel loops: OpenMP where it is linked, serial otherwise. What a task computes must not depend on the thread that
// runs it, nor may the number of tasks depend on the number of threads: then results do not either.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include "xnn/core/config.hpp"
#include "xnn/core/error.hpp"

namespace xnn {

namespace detail {
inline int& thread_limit() {
#ifdef _OPENMP
    static int limit = omp_get_max_threads();
#else
    static int limit = 1;
#endif
    return limit;
}
}  // namespace detail

/// The number of threads that one operation may use; at first OpenMP's own default, 1 without OpenMP.
inline int get_num_threads() { return detail::thread_limit(); }

/// Sets the number of threads that one operation may use. Results do not change with it.
inline void set_num_threads(int threads) {
    if (threads < 1) fail("set_num_threads", "at least 1", std::to_string(threads));
    detail::thread_limit() = threads;
}

/// Calls `task(i)` for each i in [0, tasks), in any order and possibly at once. Tasks must not throw.
template <class Task>
void parallel_for(index_t tasks, Task&& task) {
#ifdef _OPENMP
    if (tasks > 1 && get_num_threads() > 1 && !omp_in_parallel()) {
        const int threads = get_num_threads();
#pragma omp parallel for schedule(static) num_threads(threads)
        for (index_t i = 0; i < tasks; ++i) task(i);
        return;
    }
#endif
    for (index_t i = 0; i < tasks; ++i) task(i);
}

/// Calls `task(begin, end)` for pieces of [0, size) of `grain` elements, the last one shorter.
template <class Task>
void parallel_chunks(index_t size, index_t grain, Task&& task) {
    if (size <= grain) {
        if (size > 0) task(index_t{0}, size);
        return;
    }
    parallel_for(divide_up(size, grain), [&](index_t chunk) {
        const index_t begin = chunk * grain;
        task(begin, begin + grain < size ? begin + grain : size);
    });
}

}  // namespace xnn
