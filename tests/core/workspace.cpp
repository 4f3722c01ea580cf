#include "xnn/core/workspace.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace xnn;

TEST_CASE("workspace: hands out aligned memory in stack order") {
    Workspace<Cpu> workspace;
    float* a = workspace.allocate<float>(3);
    const auto mark = workspace.mark();
    double* b = workspace.allocate<double>(100);
    REQUIRE(reinterpret_cast<std::uintptr_t>(a) % alignment == 0);
    REQUIRE(reinterpret_cast<std::uintptr_t>(b) % alignment == 0);
    workspace.release(mark);
    REQUIRE(workspace.allocate<double>(100) == b);
    REQUIRE(workspace.peak() == aligned_size(12) + aligned_size(800));
}

TEST_CASE("workspace: one chunk holds a second round") {
    Workspace<Cpu> workspace;
    const auto round = [&] {
        for (int i = 1; i < 50; ++i) {
            float* p = workspace.allocate<float>(i * 97);
            p[0] = 1;
            p[i * 97 - 1] = 1;
        }
    };
    round();
    const auto peak = workspace.peak();
    workspace.reset();
    const float* first = workspace.allocate<float>(97);
    workspace.reset();
    round();
    workspace.reset();
    REQUIRE(workspace.allocate<float>(97) == first);
    REQUIRE(workspace.peak() == peak);
}

TEST_CASE("workspace: a scope gives back what was taken in it") {
    Workspace<Cpu> workspace;
    workspace.allocate<int>(1);
    int* inside = nullptr;
    {
        const WorkspaceScope<Cpu> scope(workspace);
        inside = workspace.allocate<int>(7);
    }
    REQUIRE(workspace.allocate<int>(1) == inside);
}
