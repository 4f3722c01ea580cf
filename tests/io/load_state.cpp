#include "xnn/io/load_state.hpp"

#include <catch2/catch.hpp>

#include "../support/errors.hpp"

using namespace xnn;
using namespace xnn::io;

namespace {

const std::byte* bytes(const auto& array) { return reinterpret_cast<const std::byte*>(&array); }

struct Fixture {
    float weight[6] = {};
    std::int64_t steps = 0;
    StateDict target{{"weight", Dtype::F32, {2, 3}, weight}, {"steps", Dtype::I64, {}, &steps}};

    float stored_weight[6] = {1, 2, 3, 4, 5, 6};
    std::int64_t stored_steps = 7;
    StoredTensor weight_entry{"weight", Dtype::F32, {2, 3}, bytes(stored_weight)};
    StoredTensor steps_entry{"steps", Dtype::I64, {}, bytes(stored_steps)};

    bool untouched() const { return steps == 0 && std::ranges::count(weight, 0.0F) == 6; }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "load_state: entries go to the buffers of their names", "[io]") {
    const std::vector entries{steps_entry, weight_entry};
    const auto result = load_state("file", entries, target);
    REQUIRE(result.missing_keys.empty());
    REQUIRE(result.unexpected_keys.empty());
    REQUIRE(std::ranges::equal(weight, stored_weight));
    REQUIRE(steps == 7);
}

TEST_CASE_METHOD(Fixture, "load_state: everything that does not fit is listed in one error and nothing is written",
                 "[io]") {
    weight_entry.extents = {3, 2};
    auto extra = weight_entry;
    extra.name = "extra";
    const std::vector entries{weight_entry, extra};
    REQUIRE_ERROR(load_state("file.x", entries, target), "file.x", "weight of float32 (3, 2) instead of float32 (2, 3)",
                  "missing steps", "unexpected extra");
    REQUIRE(untouched());
}

TEST_CASE_METHOD(Fixture, "load_state: another dtype does not fit", "[io]") {
    steps_entry.dtype = Dtype::F64;
    const std::vector entries{weight_entry, steps_entry};
    REQUIRE_ERROR(load_state("file", entries, target, true), "steps of float64 () instead of int64 ()");
    REQUIRE_ERROR(load_state("file", entries, target, false), "steps of float64 () instead of int64 ()");
    REQUIRE(untouched());
}

TEST_CASE_METHOD(Fixture, "load_state: missing and unexpected names are told where it is not strict", "[io]") {
    auto extra = steps_entry;
    extra.name = "extra";
    const std::vector entries{weight_entry, extra};
    const auto result = load_state("file", entries, target, false);
    REQUIRE(result.missing_keys == std::vector<std::string>{"steps"});
    REQUIRE(result.unexpected_keys == std::vector<std::string>{"extra"});
    REQUIRE(weight[5] == 6);
    REQUIRE(steps == 0);
}

TEST_CASE_METHOD(Fixture, "load_state: a name that stands twice does not fit", "[io]") {
    const std::vector entries{weight_entry, steps_entry, steps_entry};
    REQUIRE_ERROR(load_state("file", entries, target), "steps twice");
    REQUIRE(untouched());
}

TEST_CASE("load_state: a byte that is no bool is refused", "[io]") {
    bool flags[2] = {};
    const std::uint8_t stored[2] = {1, 2};
    const StateDict target{{"flags", Dtype::BOOL, {2}, flags}};
    const std::vector entries{StoredTensor{"flags", Dtype::BOOL, {2}, bytes(stored)}};
    REQUIRE_ERROR(load_state("file", entries, target), "file", "0 or 1", "got 2");
    REQUIRE_FALSE(flags[0]);
}
