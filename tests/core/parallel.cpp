#include "xnn/core/parallel.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "../support/errors.hpp"

using namespace xnn;

TEST_CASE("parallel: each task runs once, whatever the number of threads") {
    const int before = get_num_threads();
    for (int threads : {1, 2, 4}) {
        set_num_threads(threads);
        std::vector<int> runs(1000);
        parallel_for(1000, [&](index_t i) { ++runs[static_cast<std::size_t>(i)]; });
        for (int count : runs) REQUIRE(count == 1);
        std::vector<int> elements(1003);
        parallel_chunks(1003, 100, [&](index_t begin, index_t end) {
            for (index_t i = begin; i < end; ++i) ++elements[static_cast<std::size_t>(i)];
        });
        for (int count : elements) REQUIRE(count == 1);
    }
    set_num_threads(before);
    parallel_chunks(0, 10, [](index_t, index_t) { FAIL("nothing to do"); });
    REQUIRE_ERROR(set_num_threads(0), "set_num_threads", "at least 1", "0");
}
