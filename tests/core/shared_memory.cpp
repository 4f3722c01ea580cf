// Tensors and models in memory that processes share: what a child writes and the parent reads, what stays each one's own,
// what keeps the memory and what leaves it, and that nothing is left of it.
#include "xnn/core/shared_memory.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "../support/errors.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;

namespace {

/// Runs f() in a child, which it leaves with what f returns.
template <class F>
pid_t start(const F& f) {
    const pid_t child = fork();
    if (child == 0) {
        set_num_threads(1);  // OpenMP's threads stay with the parent
        int result = 99;
        try {
            result = f();
        } catch (...) {
        }
        _exit(result);
    }
    return child;
}
int wait_for(pid_t child) {
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
template <class F>
int in_child(const F& f) { return wait_for(start(f)); }

/// How many objects of shared memory there are of a process.
std::ptrdiff_t objects_of(pid_t process) {
    const std::string name = "xnn_" + std::to_string(process) + "_";
    std::ptrdiff_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) count += entry.path().filename().string().starts_with(name);
    return count;
}

/// Calls f() where the system grants less of something.
template <class F>
void limited(decltype(RLIMIT_NOFILE) resource, rlim_t limit, const F& f) {
    struct Limits {
        explicit Limits(decltype(RLIMIT_NOFILE) of) : resource(of) { getrlimit(of, &limits); }
        ~Limits() { setrlimit(resource, &limits); }
        decltype(RLIMIT_NOFILE) resource;
        rlimit limits{};
    };
    const Limits before(resource);
    const rlimit limits{limit, before.limits.rlim_max};
    setrlimit(resource, &limits);
    f();
}

/// Small and large tensors, learned and not.
struct Net : nn::Module<Net> {
    nn::Linear<20, 30> wide;
    nn::BatchNorm1d<30> norm;
    nn::Linear<30, 2> head;

    auto forward(auto x) const { return head(relu(norm(wide(x)))); }
};

template <class M>
std::vector<float> numbers_of(M& model) {
    std::vector<float> numbers;
    for (const auto& entry : model.state_dict())
        if (entry.dtype == dtype_of<float>) numbers.insert(numbers.end(), static_cast<const float*>(entry.data), static_cast<const float*>(entry.data) + entry.size());
    return numbers;
}

template <class M>
bool all_shared(M& model) {
    bool all = true;
    nn::visit_modules(model, [&](const nn::Path&, auto& module) {
        nn::visit_own_parameters(module, nullptr, [&](const nn::Path&, auto& parameter) { all = all && parameter.is_shared(); });
        nn::visit_own_buffers(module, nullptr, [&](const nn::Path&, auto& buffer) { all = all && buffer.is_shared(); });
    });
    return all;
}

}  // namespace

TEST_CASE("a tensor in shared memory is one for parent and child", "[shared_memory]") {
    Tensor<float, Shape<dyn>> own(Shape<dyn>(3), {1, 2, 3}), tensor = own;
    REQUIRE_FALSE(tensor.is_shared());
    REQUIRE(&tensor.share_memory_() == &tensor);
    REQUIRE(tensor.is_shared());
    const float* const place = tensor.data();
    REQUIRE(tensor.share_memory_().data() == place);
    REQUIRE(reinterpret_cast<std::uintptr_t>(place) % alignment == 0);
    REQUIRE(objects_of(getpid()) == 0);
    REQUIRE(in_child([&] {
                const bool kept = tensor(0) == 1 && tensor(1) == 2 && tensor(2) == 3;
                tensor.fill(7);
                own.fill(7);
                return kept ? 0 : 1;
            }) == 0);
    REQUIRE((tensor(0) == 7 && tensor(2) == 7));
    REQUIRE((own(0) == 1 && own(2) == 3));
}

TEST_CASE("a tensor without elements, and one of many pages, are shared too", "[shared_memory]") {
    Tensor<std::int64_t, Shape<dyn, 3>> none;
    REQUIRE(none.share_memory_().is_shared());
    Tensor<double, Shape<1000, 70>> many;
    many.fill(1).share_memory_();
    REQUIRE(in_child([&] { return std::all_of(many.begin(), many.end(), [](double& x) { return std::exchange(x, 2) == 1; }) ? 0 : 1; }) == 0);
    REQUIRE(std::all_of(many.begin(), many.end(), [](double x) { return x == 2; }));
}

TEST_CASE("each process counts its own owners", "[shared_memory]") {
    auto tensor = std::make_unique<Tensor<float, Shape<100>>>();
    tensor->fill(1).share_memory_();
    auto kept = tensor->storage();
    // The child frees it in the middle, and the parent at once: neither takes it from the other.
    const pid_t child = start([&] {
        auto another = kept;
        tensor.reset();
        kept = {};
        for (index_t i = 0; i < 100; ++i) another.data()[i] += 1;
        another = {};
        return 0;
    });
    REQUIRE(wait_for(child) == 0);
    tensor.reset();
    REQUIRE(std::all_of(kept.data(), kept.data() + 100, [](float x) { return x == 2; }));
    std::array<int, 2> signal{};
    REQUIRE(pipe(signal.data()) == 0);
    const pid_t reader = start([&] {
        char go = 0;
        const bool told = read(signal[0], &go, 1) == 1;
        return told && std::all_of(kept.data(), kept.data() + 100, [](float x) { return x == 2; }) ? 0 : 1;
    });
    kept = {};
    REQUIRE(write(signal[1], "g", 1) == 1);
    REQUIRE(wait_for(reader) == 0);
    close(signal[0]);
    close(signal[1]);
}

TEST_CASE("copies have memory of their own, moves hand it on, assignments stay", "[shared_memory]") {
    Tensor<float, Shape<6, 8>> tensor = randn<Shape<6, 8>>(), other = randn<Shape<6, 8>>();
    tensor.share_memory_();
    const float* const place = tensor.data();
    REQUIRE_FALSE(Tensor<float, Shape<6, 8>>(tensor).is_shared());

    tensor = other;
    tensor = tensor * 2 + other;
    const Tensor<float, Shape<8, 8>> square = randn<Shape<8, 8>>();
    const Tensor<float, Shape<6, 8>> product = matmul(tensor, square);
    tensor = matmul(tensor, square);
    REQUIRE(tensor.data() == place);
    REQUIRE(std::equal(tensor.begin(), tensor.end(), product.begin()));
    tensor = tensor - slice<0, 0, 1>(tensor);  // cannot be computed where it stands
    REQUIRE(tensor.data() == place);
    REQUIRE(tensor(2, 5) == product(2, 5) - product(0, 5));

    Tensor<float, Shape<6, 8>> moved = std::move(tensor);
    REQUIRE(moved.is_shared());
    REQUIRE(moved.data() == place);
    std::swap(moved, other);
    REQUIRE(other.data() == place);
    REQUIRE_FALSE(moved.is_shared());
    other = Tensor<float, Shape<6, 8>>();
    REQUIRE_FALSE(other.is_shared());

    Tensor<float, Shape<dyn>> growing(Shape<dyn>(4));
    growing.share_memory_().resize(Shape<dyn>(3));
    REQUIRE(growing.is_shared());
    growing.resize(Shape<dyn>(5000));
    REQUIRE_FALSE(growing.is_shared());
}

TEST_CASE("a model moves with its statistics and its smallest biases", "[shared_memory]") {
    Net net;
    const auto before = numbers_of(net);
    const Tensor<float, Shape<8, 20>> x = randn<Shape<8, 20>>();
    const Tensor<float, Shape<8, 2>> answer = net.eval()(x);
    REQUIRE_FALSE(all_shared(net));
    REQUIRE(&net.share_memory() == &net);
    REQUIRE(all_shared(net));
    REQUIRE(numbers_of(net) == before);
    const Tensor<float, Shape<8, 2>> again = net(x);
    REQUIRE(std::equal(answer.begin(), answer.end(), again.begin()));
    const auto* const place = net.head.bias.data();
    REQUIRE(net.share_memory().head.bias.data() == place);

    REQUIRE(in_child([&] {
                net.train();
                optim::SGD optimizer(net, {.lr = 0.5});
                sum(net(x)).backward();
                optimizer.step();
                return 0;
            }) == 0);
    REQUIRE_FALSE(net.norm.training);
    REQUIRE_FALSE(net.head.bias.has_grad());
    REQUIRE(net.norm.num_batches_tracked.value().item() == 1);
    // The same step here changes what stood there before in the same way.
    Net twin;
    twin.share_memory();
    std::size_t next = 0;
    for (const auto& entry : twin.state_dict())
        if (entry.dtype == dtype_of<float>)
            for (index_t i = 0; i < entry.size(); ++i) static_cast<float*>(entry.data)[i] = before[next++];
    optim::SGD optimizer(twin, {.lr = 0.5});
    sum(twin(x)).backward();
    optimizer.step();
    REQUIRE(numbers_of(twin) == numbers_of(net));
    REQUIRE(numbers_of(net) != before);
}

TEST_CASE("LeNet in shared memory", "[shared_memory]") {
    models::LeNet<> model;
    model.share_memory();
    REQUIRE(all_shared(model));
    REQUIRE(objects_of(getpid()) == 0);
    REQUIRE(in_child([&] {
                nn::visit_parameters(model, [](const nn::Path&, auto& parameter) { parameter.value().fill(0.25F); });
                return 0;
            }) == 0);
    for (float number : numbers_of(model)) REQUIRE(number == 0.25F);
}

TEST_CASE("tied parameters move once and stay tied", "[shared_memory]") {
    struct Tied : nn::Module<Tied> {
        nn::Linear<4, 4> a, b;
    } model;
    model.a.weight.tie(model.b.weight);
    model.a.bias.tie(model.b.bias);
    model.share_memory();
    REQUIRE(model.a.weight.data() == model.b.weight.data());
    REQUIRE(model.a.bias.data() == model.b.bias.data());
    REQUIRE(all_shared(model));
}

TEST_CASE("copies and conversions of a model are each process's own", "[shared_memory]") {
    Net net;
    net.share_memory();
    Net copy = net, assigned;
    auto clone = net.clone();
    auto wide = to<double>(net.wide);
    for (auto* model : {&copy, &clone}) {
        REQUIRE_FALSE(model->head.bias.is_shared());
        REQUIRE_FALSE(model->wide.weight.is_shared());
        REQUIRE_FALSE(model->norm.running_mean.is_shared());
    }
    REQUIRE_FALSE(wide.weight.is_shared());
    REQUIRE(numbers_of(copy) == numbers_of(net));

    // Assignment and load_state_dict() write into what is there.
    assigned.share_memory();
    assigned = net;
    REQUIRE(all_shared(assigned));
    REQUIRE(numbers_of(assigned) == numbers_of(net));
    const Net fresh;
    auto source = Net(fresh);
    assigned.load_state_dict(source.state_dict());
    REQUIRE(all_shared(assigned));
    REQUIRE(numbers_of(assigned) == numbers_of(source));

    const auto* const place = net.head.bias.data();
    Net moved = std::move(net);
    REQUIRE(all_shared(moved));
    REQUIRE(moved.head.bias.data() == place);
}

TEST_CASE("gradients that are there when a parameter moves are shared until they are forgotten", "[shared_memory]") {
    const auto check = [](auto& parameter) {
        const auto backward = [&] { sum(3 * parameter).backward(); };
        backward();
        parameter.share_memory_();
        REQUIRE(parameter.is_shared());
        REQUIRE(parameter.grad().data()[0] == 3);
        REQUIRE(in_child([&] {
                    backward();
                    return parameter.grad().data()[0] == 6 ? 0 : 1;
                }) == 0);
        REQUIRE(parameter.grad().data()[0] == 6);
        REQUIRE(in_child([&] {
                    parameter.zero_grad(false);
                    return 0;
                }) == 0);
        REQUIRE(parameter.grad().data()[0] == 0);
        REQUIRE(in_child([&] {
                    parameter.zero_grad();
                    backward();
                    return parameter.grad().data()[0] == 3 ? 0 : 1;
                }) == 0);
        REQUIRE(parameter.grad().data()[0] == 0);
    };
    Parameter<float, Shape<3>> small(ones<Shape<3>>());
    check(small);
    Parameter<float, Shape<100>> large(ones<Shape<100>>());
    check(large);
}

TEST_CASE("a forgotten gradient of rows begins anew", "[shared_memory]") {
    const Tensor<std::int64_t, Shape<2>> first{3, 4}, second{4, 7};
    const auto check = [&](auto table) {
        sum(table(first)).backward();
        table.share_memory();
        table.weight.grad().fill(5);
        table.zero_grad();
        sum(table(second)).backward();
        for (index_t row = 0; row < table.weight.shape().extent(0); ++row) REQUIRE(table.weight.grad()(row, 1) == (row == 4 || row == 7 ? 1 : 0));
    };
    check(nn::Embedding<50, 4, nn::sparse>());
    check(nn::Embedding<8, 4, nn::sparse>());
}

TEST_CASE("two processes train one model without locks", "[shared_memory]") {
    const Tensor<float, Shape<64, 10>> x = randn<Shape<64, 10>>();
    const Tensor<float, Shape<64, 1>> y = matmul(x, rand<Shape<10, 1>>()) + 0.5;
    nn::Sequential<nn::Linear<10, 40>, nn::Tanh, nn::Linear<40, 1>> model;
    const auto loss = [&] { return nn::functional::mse_loss(model(x), y); };
    const float before = loss().item();
    model.share_memory();
    const auto train = [&] {
        optim::SGD optimizer(model, {.lr = 0.02, .momentum = 0.5});
        for (int step = 0; step < 200; ++step) {
            optimizer.zero_grad();
            loss().backward();
            optimizer.step();
        }
        return 0;
    };
    const std::array children{start(train), start(train)};
    for (const pid_t child : children) REQUIRE(wait_for(child) == 0);
    REQUIRE(loss().item() < before / 10);
    REQUIRE(all_shared(model));
}

TEST_CASE("where the system has no shared memory left nothing moves", "[shared_memory]") {
    Net net;
    Tensor<float, Shape<dyn>> tensor(Shape<dyn>(3), {1, 2, 3});
    const auto before = numbers_of(net);
    const auto refuse = [&](decltype(RLIMIT_NOFILE) resource, rlim_t limit, const char* reason) {
        REQUIRE_ERROR(limited(resource, limit, [&] { net.share_memory(); }), "share_memory: expected ", " bytes of POSIX shared memory, got ", reason);
        REQUIRE_ERROR(limited(resource, limit, [&] { tensor.share_memory_(); }), "share_memory: expected ", reason);
    };
    refuse(RLIMIT_NOFILE, 0, "shm_open: Too many open files");
    auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
    refuse(RLIMIT_FSIZE, 1, "posix_fallocate: File too large");
    std::signal(SIGXFSZ, handler);
    REQUIRE(numbers_of(net) == before);
    REQUIRE_FALSE(net.wide.bias.is_shared());
    REQUIRE_FALSE(net.norm.num_batches_tracked.is_shared());
    REQUIRE_FALSE(tensor.is_shared());
    REQUIRE(tensor(2) == 3);
    REQUIRE(objects_of(getpid()) == 0);
    net.share_memory();
    REQUIRE(all_shared(net));
}

TEST_CASE("a model of which one tensor finds no place does not move in part", "[shared_memory]") {
    nn::Sequential<nn::Linear<2, 3>, nn::Linear<3, 2000>> model;  // 6, 3, then 6000 elements
    auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE_ERROR(limited(RLIMIT_FSIZE, 3 * 4096, [&] { model.share_memory(); }), "posix_fallocate: File too large");
    std::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(model.get<0>().weight.is_shared());
    REQUIRE_FALSE(model.get<0>().bias.is_shared());
    REQUIRE_FALSE(model.get<1>().weight.is_shared());
}

TEST_CASE("nothing is left of a process that is killed", "[shared_memory]") {
    const pid_t child = fork();
    if (child == 0) {
        Net net;
        net.share_memory();
        std::raise(SIGKILL);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(objects_of(child) == 0);
}
