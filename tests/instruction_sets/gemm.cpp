// Products for one instruction set: cmake/instruction_sets.cmake compiles this for each that there are kernels for.
#include "cpu/gemm_testing.hpp"

using namespace gemm_testing;

TEST_CASE("products of all kinds") { check_random(600); }

TEST_CASE("products of one row or column, and those that are cut into blocks") {
    std::mt19937 random(1);
    for (index_t n : {1, 3, 4, 8, 15, 16, 17, 64, 100})
        for (index_t k : {1, 5, 33, 130})
            for (Transpose tb : both) {
                check<float>({1, n, k, Transpose::no, tb, 1}, random);
                check<double>({n, 1, k, tb, Transpose::no, 1}, random);
            }
    for (Transpose ta : both)
        for (Transpose tb : both) {
            check<float>({65, 130, 1100, ta, tb, 3}, random);
            check<float>({300, 600, 500, ta, tb}, random);
        }
}
