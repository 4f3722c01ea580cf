// What a user is told who has no driver, no GPU, or not enough of its memory.
#include <catch2/catch.hpp>
#include <xnn/cuda/memory.hpp>

#include "runtime.hpp"

using namespace xnn;
using Catch::Contains;

namespace {

/// Plays another machine until the end of a scope.
struct Playing {
    explicit Playing(const fake::Machine& other) { fake::machine() = other; }
    ~Playing() { fake::machine() = {}; }
};

}  // namespace

TEST_CASE("without a driver or a GPU", "[cuda]") {
    const auto require_told = [](const char* reason) {
        REQUIRE(xnn::cuda::device_count() == 0);
        REQUIRE_FALSE(xnn::cuda::is_available());
        REQUIRE_THROWS_WITH(xnn::cuda::current_device(), Contains("expected an NVIDIA GPU and its driver, got none") && Contains(reason));
        REQUIRE_THROWS_WITH(xnn::detail::Buffer<Cuda>(16), Contains("expected an NVIDIA GPU and its driver, got none"));
        REQUIRE_THROWS_WITH(xnn::cuda::set_device(0), Contains("cuda::set_device: expected a device in [0, 0), got 0"));
    };
    SECTION("no driver") {
        const Playing none({.driver = cudaErrorInsufficientDriver});
        require_told("CUDA driver version is insufficient");
    }
    SECTION("no GPU") {
        const Playing none({.driver = cudaErrorNoDevice, .devices = 0});
        require_told("no CUDA-capable device is detected");
    }
}

TEST_CASE("a GPU of another number", "[cuda]") {
    const Playing two({.devices = 2});
    REQUIRE(xnn::cuda::device_count() == 2);
    REQUIRE_NOTHROW(xnn::cuda::set_device(1));
    REQUIRE_THROWS_WITH(xnn::cuda::set_device(2), Contains("expected a device in [0, 2), got 2"));
    REQUIRE_THROWS_WITH(xnn::cuda::set_device(-1), Contains("expected a device in [0, 2), got -1"));
}

TEST_CASE("not enough memory", "[cuda]") {
    const std::size_t used = xnn::cuda::memory_allocated();
    const Playing small({.memory = used + 1000});
    const xnn::detail::Buffer<Cuda> fits(900);
    REQUIRE(xnn::cuda::memory_allocated() == used + 900);
    REQUIRE_THROWS_WITH(xnn::detail::Buffer<Cuda>(200), Contains("expected 200 bytes of memory on the device, got: out of memory"));
    REQUIRE_NOTHROW(xnn::detail::Buffer<Cuda>(100));  // an error is told once
    REQUIRE_NOTHROW(xnn::cuda::synchronize());
}
