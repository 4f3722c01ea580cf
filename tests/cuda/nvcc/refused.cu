// Kernels that keep their work in memory, for the check that refuses them; and two that only CUDA's own sine does.
#include <cuda_runtime_api.h>

namespace {

/// A small array that is indexed while the kernel runs.
__device__ double pick(const double* x, int which) {
    double few[2] = {x[0] + 1, x[1] + 2};
    few[which] *= 3;
    return few[1 - which];
}

}  // namespace

__global__ void an_array(double* x, int which) { x[threadIdx.x] = pick(x, which); }

/// The array of the sine is no excuse for another.
__global__ void an_array_and_a_sine(double* x, int which) { x[threadIdx.x] = sin(pick(x, which)); }
__global__ void an_array_and_a_sine_of_float(float* y, double* x, int which) { y[threadIdx.x] = sinf(y[which]) + float(pick(x, which)); }

/// More numbers at a time than the registers that this many threads leave each.
__global__ void __launch_bounds__(1024, 2) too_few_registers(double* x) {
    double all[32];
#pragma unroll
    for (int i = 0; i < 32; ++i) all[i] = x[i * 1024 + threadIdx.x];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < 32; ++i) x[i * 1024 + 1023 - threadIdx.x] = all[i] * all[31 - i];
}

__global__ void a_sine(double* x) { x[threadIdx.x] = sin(x[threadIdx.x]); }
__global__ void a_sine_of_float(float* x) { x[threadIdx.x] = sinf(x[threadIdx.x]); }

int main() {}
