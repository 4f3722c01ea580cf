// A step that is launched as a whole. https://pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
#pragma once

#include <concepts>
#include <exception>
#include <memory>

#include "xnn/cuda/recording.hpp"
#include "xnn/expr/arena.hpp"

#ifdef __CUDACC__

namespace xnn::cuda {

/// A step, recorded once and then launched by one call, however many kernels it has:
///
///     xnn::cuda::Graph step{[&] {
///         optimizer.zero_grad();
///         const auto loss = nn::CrossEntropyLoss<>{}(model(x), y);
///         loss.backward();
///         optimizer.step();
///         last = loss;
///     }};
///     for (…) { x.copy_(…); y.copy_(…); step(); }
///
/// It reads and writes the same memory in each run: new inputs go into the same tensors by copy_(), and results that are wanted into
/// tensors of the caller (`last`). The step runs a few times as it is, then as the graph's first run: the constructor's runs are steps like
/// others. What optimisers count, their options at the time of the call (a scheduler's learning rate), and the default generator's
/// numbers are each run's own. Other code of the host in the step runs only in the constructor.
///
/// Throws Error where a step needs the host: if it reads a number (item()), copies between host and device, or allocates (a new
/// tensor). Models, optimisers and tensors of the step must outlive the graph, and optimisers keep their groups.
class Graph {
public:
    template <std::invocable Step>
    explicit Graph(Step&& step, int warm_up = 2) {
        const OwnMemory own(memory_);
        for (int i = 0; i < warm_up; ++i) step();
        {
            const Capture capture(*this);
            step();
        }
        begin_runs();
    }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    /// Runs the step once more; does not wait for it.
    void replay() {
        recording_.advance();
        run();
    }
    void operator()() { replay(); }

private:
    /// Lends the step memory that nobody else uses: it must stay where it is.
    class OwnMemory {
    public:
        explicit OwnMemory(SpareMemory<Cuda>& memory) : memory_(memory) { SpareMemory<Cuda>::of_thread().swap(memory_); }
        ~OwnMemory() { SpareMemory<Cuda>::of_thread().swap(memory_); }
        OwnMemory(const OwnMemory&) = delete;
        OwnMemory& operator=(const OwnMemory&) = delete;

    private:
        SpareMemory<Cuda>& memory_;
    };

    /// While it lives, this thread's work is recorded and not done.
    class Capture {
    public:
        explicit Capture(Graph& graph) : graph_(graph), exceptions_(std::uncaught_exceptions()) {
            detail::Recording& recording = graph.recording_;
            require(cudaStreamBeginCapture(current_stream(), cudaStreamCaptureModeThreadLocal), "cuda::Graph");
            detail::write_values<<<1, detail::Recording::threads, 0, current_stream()>>>(recording.values());
            recording.begin_draws();
            detail::Recording::current() = &recording;
            detail::is_recording() = true;
        }
        ~Capture() {
            detail::is_recording() = false;
            detail::Recording::current() = nullptr;
            graph_.recording_.end_draws(std::uncaught_exceptions() == exceptions_);
            cudaGraph_t recorded = nullptr;
            graph_.ended_ = cudaStreamEndCapture(current_stream(), &recorded);
            graph_.graph_.reset(recorded);
        }
        Capture(const Capture&) = delete;
        Capture& operator=(const Capture&) = delete;

    private:
        Graph& graph_;
        int exceptions_;
    };

    void begin_runs() {
        require(ended_, "the capture of a step in cuda::Graph");
        cudaGraphExec_t runnable = nullptr;
        require(cudaGraphInstantiate(&runnable, graph_.get(), 0), "cuda::Graph");
        runnable_.reset(runnable);
        std::size_t one = 1;
        require(cudaGraphGetRootNodes(graph_.get(), &first_, &one), "cuda::Graph");
        run();
    }
    void run() {
        void* arguments[] = {&recording_.values()};
        cudaKernelNodeParams parameters{};
        parameters.func = reinterpret_cast<void*>(&detail::write_values<detail::StepValues>);
        parameters.gridDim = dim3(1);
        parameters.blockDim = dim3(detail::Recording::threads);
        parameters.kernelParams = arguments;
        require(cudaGraphExecKernelNodeSetParams(runnable_.get(), first_, &parameters), "cuda::Graph");
        require(cudaGraphLaunch(runnable_.get(), current_stream()), "cuda::Graph");
    }

    SpareMemory<Cuda> memory_;
    detail::Recording recording_;
    cudaError_t ended_ = cudaSuccess;
    struct Destroy {
        void operator()(cudaGraph_t graph) const { cudaGraphDestroy(graph); }
        void operator()(cudaGraphExec_t runnable) const { cudaGraphExecDestroy(runnable); }
    };
    std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, Destroy> graph_;
    std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, Destroy> runnable_;
    cudaGraphNode_t first_ = nullptr;
};

}  // namespace xnn::cuda

#endif
