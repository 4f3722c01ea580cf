// When the parts of a convolution are shared by threads.
#pragma once

#include "xnn/core/parallel.hpp"
#include "xnn/cpu/simd.hpp"

namespace xnn::kernels {
inline namespace XNN_SIMD_ARCH {
namespace conv_detail {

/// Work below which threads cost more than they bring.
inline constexpr double worth_threads = 4e6;

/// Calls task(i) for i < tasks, on several threads if the operations are many and each thread has a task.
template <class Task>
void for_tasks(index_t tasks, double operations, const Task& task) {
    if (operations >= worth_threads && tasks >= get_num_threads())
        parallel_for(tasks, task);
    else
        for (index_t i = 0; i < tasks; ++i) task(i);
}

}  // namespace conv_detail
}  // namespace XNN_SIMD_ARCH
}  // namespace xnn::kernels
