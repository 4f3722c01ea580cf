// A step that is being recorded for a graph: the numbers in it that differ from run to run stand in the device's memory, and are
// arguments of the first kernel, which the host replaces before each run.
#pragma once

#include <cstring>
#include <vector>

#include "xnn/core/generator.hpp"
#include "xnn/cuda/memory.hpp"

#ifdef __CUDACC__

namespace xnn::cuda::detail {

/// What the first kernel writes to the device's memory: as much as a kernel's arguments hold.
struct StepValues {
    static constexpr std::size_t most = 480;
    std::uint64_t* to;
    std::size_t count;
    std::uint64_t words[most];
};
template <class Values>
__global__ void write_values(Values values) {
    for (std::size_t i = threadIdx.x; i < values.count; i += blockDim.x) values.to[i] = values.words[i];
}

class Recording {
public:
    static constexpr int threads = 128;

    Recording() : memory_(sizeof(StepValues::words)) {
        values_.to = reinterpret_cast<std::uint64_t*>(memory_.data());
        values_.count = 0;
        generator_ = place(GeneratorState{});
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    /// That of this thread, or null.
    static Recording*& current() {
        static thread_local Recording* recording = nullptr;
        return recording;
    }

    /// Where the device finds a value in a run.
    template <class V>
    V* place(const V& value) {
        static_assert(std::is_trivially_copyable_v<V> && alignof(V) <= 8);
        const std::size_t first = values_.count, words = divide_up(sizeof(V), std::size_t{8});
        if (first + words > StepValues::most)
            throw Error("cuda::Graph: expected optimisers with fewer parameters or groups, got more than one kernel's arguments describe");
        values_.count += words;
        std::memcpy(values_.words + first, &value, sizeof(V));
        return reinterpret_cast<V*>(values_.to + first);
    }

    /// What advances with each run: again(of) on the host, which may set() values.
    struct Repeat {
        void (*again)(Recording&, const Repeat&) = nullptr;
        void (*advance)() = nullptr;  // of a type that `again` knows
        void* entry = nullptr;
        const void* options = nullptr;
        void* value = nullptr;  // on the device; null: it is that of the one before
    };
    std::vector<Repeat>& repeats() { return repeats_; }

    /// What the next run finds there; a null pointer leads nowhere.
    template <class V>
    void set(void* on_device, const V& value) {
        if (on_device == nullptr) return;
        std::memcpy(values_.words + (static_cast<std::uint64_t*>(on_device) - values_.to), &value, sizeof(V));
    }

    /// Draws of the default generator are the recorded step's from here on…
    void begin_draws() {
        Generator& generator = default_generator();
        start_ = generator.get_state();
        set(generator_, start_);
        generator.draw_from(generator_);
        generator.set_state({start_.seed, 0});
    }
    /// … to here: afterwards it stands behind those, or where it stood if there is no recording.
    void end_draws(bool recorded) {
        Generator& generator = default_generator();
        generator.draw_from(nullptr);
        drawn_ = generator.get_state().offset;
        generator.set_state({start_.seed, start_.offset + (recorded ? drawn_ : 0)});
    }

    /// The values of the next run.
    void advance() {
        for (const Repeat& repeat : repeats_) repeat.again(*this, repeat);
        Generator& generator = default_generator();
        const GeneratorState state = generator.get_state();
        set(generator_, state);
        generator.set_state({state.seed, state.offset + drawn_});
    }
    StepValues& values() { return values_; }

private:
    xnn::detail::Buffer<Cuda> memory_;
    StepValues values_;
    GeneratorState* generator_ = nullptr;
    GeneratorState start_;
    std::uint64_t drawn_ = 0;
    std::vector<Repeat> repeats_;
};

}  // namespace xnn::cuda::detail

#endif
