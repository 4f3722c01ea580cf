// Hooks run when PyTorch's do, see what PyTorch's see, and change what PyTorch's change: tests/oracle/hooks.py.
#include "xnn/nn/hooks.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "../support/errors.hpp"
#include "xnn/xnn.hpp"

using namespace xnn;

namespace {

using nn::HookArray;
using Inputs = std::span<HookArray>;
using Seen = std::span<const HookArray>;

/// What happened: an event of a module, and the numbers that it saw.
struct Event {
    std::string text;
    std::vector<std::vector<double>> arrays;  // of none: an empty one
};

std::map<std::string, std::vector<Event>> read_events() {
    std::map<std::string, std::vector<Event>> result;
    std::ifstream file(XNN_FIXTURES "/hooks.txt");
    std::string name;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("# ")) {
            name = line.substr(2);
            continue;
        }
        Event event;
        event.text = line.substr(0, line.find(" | "));
        for (std::size_t at = event.text.size(); at < line.size();) {
            at += 3;
            const std::size_t end = std::min(line.find(" | ", at), line.size());
            std::istringstream numbers(line.substr(at, end - at));
            auto& array = event.arrays.emplace_back();
            for (double number; numbers >> number;) array.push_back(number);
            at = end;
        }
        result[name].push_back(std::move(event));
    }
    return result;
}

class Log {
public:
    void add(const std::string& event, const std::string& module) { events_.push_back({event + " " + module, {}}); }
    template <class... Arrays>
    void add(const std::string& event, const nn::ModuleRef& module, const Arrays&... arrays) {
        add(event, std::string(module.type_name()));
        (show(Seen(arrays)), ...);
    }
    void show(Seen arrays) {
        for (const HookArray& array : arrays) show(array);
    }
    void show(const HookArray& array) {
        auto& numbers = events_.back().arrays.emplace_back();
        if (array)
            for (const float number : array.values<float>()) numbers.push_back(static_cast<double>(number));
    }
    void gradients(std::vector<nn::ParameterRef> parameters) {
        for (const auto& parameter : parameters) {
            add("gradient", "of");
            const float* gradient = static_cast<const float*>(parameter.gradient());
            events_.back().arrays.emplace_back(gradient, gradient + parameter.size());
        }
    }
    /// Event by event what PyTorch's log says.
    void require_same(const std::string& record) {
        static const auto all = read_events();
        const auto& expected = all.at(record);
        for (std::size_t i = 0; i < std::min(events_.size(), expected.size()); ++i) {
            INFO(record << ", event " << i << ": " << expected[i].text);
            REQUIRE(events_[i].text == expected[i].text);
            REQUIRE(events_[i].arrays.size() == expected[i].arrays.size());
            for (std::size_t k = 0; k < expected[i].arrays.size(); ++k) {
                REQUIRE(events_[i].arrays[k].size() == expected[i].arrays[k].size());
                for (std::size_t n = 0; n < expected[i].arrays[k].size(); ++n)
                    REQUIRE(events_[i].arrays[k][n] == Approx(expected[i].arrays[k][n]).epsilon(2e-5).margin(2e-6));
            }
        }
        REQUIRE(events_.size() == expected.size());
        events_.clear();
    }
    const std::vector<Event>& events() const { return events_; }

private:
    std::vector<Event> events_;
};

struct Everywhere {
    static auto register_forward_pre_hook(nn::ForwardPreHook hook) { return nn::register_module_forward_pre_hook(std::move(hook)); }
    static auto register_forward_hook(nn::ForwardHook hook) { return nn::register_module_forward_hook(std::move(hook)); }
    static auto register_full_backward_pre_hook(nn::BackwardPreHook hook) { return nn::register_module_full_backward_pre_hook(std::move(hook)); }
    static auto register_full_backward_hook(nn::BackwardHook hook) { return nn::register_module_full_backward_hook(std::move(hook)); }
};

/// All four kinds of hooks, which change nothing.
template <class What>
void watch(Log& log, std::vector<nn::RemovableHandle>& handles, What&& what, const std::string& name) {
    handles.push_back(what.register_forward_pre_hook([&log, name](const nn::ModuleRef& m, Inputs i) { log.add(name + " pre", m, i); }));
    handles.push_back(what.register_forward_hook([&log, name](const nn::ModuleRef& m, Seen i, Inputs o) { log.add(name + " forward", m, i, o); }));
    handles.push_back(what.register_full_backward_pre_hook([&log, name](const nn::ModuleRef& m, Inputs o) { log.add(name + " backward pre", m, o); }));
    handles.push_back(what.register_full_backward_hook([&log, name](const nn::ModuleRef& m, Inputs i, Seen o) { log.add(name + " backward", m, i, o); }));
}

struct Residual : nn::Module<Residual> {
    nn::Linear<3, 3> first;
    nn::Tanh act;
    nn::Linear<3, 2> second;

    auto forward(auto x) const {
        auto h = first(x);
        return second(h + act(h));
    }
};
struct Mixer : nn::Module<Mixer> {
    nn::Linear<3, 2> fc;

    auto forward(auto a, auto b) const { return std::tuple(fc(a) * b, a + 1.0); }
};

template <class M>
M filled() {
    M model;
    int number = 0;
    for (const auto& parameter : model.parameters()) {
        for (index_t i = 0; i < parameter.size(); ++i) static_cast<float*>(parameter.value())[i] = std::sin(static_cast<float>(i + number)) / 2;
        ++number;
    }
    return model;
}
template <index_t... E>
Tensor<float, Shape<E...>> inputs() {
    Tensor<float, Shape<E...>> result;
    for (index_t i = 0; i < result.size(); ++i) result.data()[i] = std::cos(static_cast<float>(i));
    return result;
}
using Matrix = Shape<dyn, dyn>;

}  // namespace

TEST_CASE("hooks run in PyTorch's order until they are removed", "[nn]") {
    Log log;
    auto model = filled<Residual>();
    const auto x = inputs<2, 3>();
    std::vector<nn::RemovableHandle> handles;
    watch(log, handles, model.first, "own");
    watch(log, handles, model, "own");
    watch(log, handles, Everywhere{}, "all");
    handles.push_back(model.first.register_forward_hook([&](const nn::ModuleRef& m, Seen, Inputs o) { log.add("first of all", m, o); },
                                                        nn::HookOptions{.prepend = true}));
    sum(square(model(nn::hooked(x)))).backward();
    for (auto& handle : handles) handle.remove();
    sum(square(model(nn::hooked(x)))).backward();
    log.gradients(model.parameters());
    log.require_same("order");
}

TEST_CASE("hooks replace what they see", "[nn]") {
    Log log;
    auto model = filled<Residual>();
    const auto x = inputs<2, 3>();
    {
        std::vector<nn::RemovableHandle> handles;
        handles.push_back(model.first.register_forward_pre_hook([](const nn::ModuleRef&, Inputs i) { i[0] = i[0].as<float, Matrix>() * 2; }));
        handles.push_back(model.first.register_forward_hook([](const nn::ModuleRef&, Seen, Inputs o) {
            const auto y = o[0].as<float, Shape<dyn, 3>>();
            o[0] = y * y;
        }));
        handles.push_back(model.act.register_full_backward_pre_hook([](const nn::ModuleRef&, Inputs o) { o[0] = o[0].as<float, Matrix>() * 3; }));
        handles.push_back(model.act.register_full_backward_hook([](const nn::ModuleRef&, Inputs i, Seen) { i[0] = i[0].as<float, Matrix>() + 1; }));
        handles.push_back(model.register_full_backward_pre_hook([](const nn::ModuleRef&, Inputs o) { o[0] = ones<Shape<2, 2>>(); }));
        watch(log, handles, model.first, "own");
        watch(log, handles, model.act, "own");
        watch(log, handles, model, "own");
        sum(square(model(nn::hooked(x)))).backward();
    }
    log.gradients(model.parameters());
    log.require_same("replacement");
    model.zero_grad();
    {
        std::vector<nn::RemovableHandle> handles;
        handles.push_back(model.act.register_forward_hook([](const nn::ModuleRef&, Seen, Inputs o) { o[0] = full<Shape<2, 3>>(0.5); }));
        watch(log, handles, model.first, "own");
        watch(log, handles, model.act, "own");
        sum(square(model(nn::hooked(x)))).backward();
    }
    log.gradients(model.parameters());
    log.require_same("a constant");
}

TEST_CASE("hooks of modules with several inputs and outputs see them all", "[nn]") {
    Log log;
    auto model = filled<Mixer>();
    const auto first = filled<nn::Linear<3, 3>>();
    std::vector<nn::RemovableHandle> handles;
    watch(log, handles, model, "own");
    const auto x = inputs<2, 3>();
    auto [a, b] = model(nn::hooked(first(x)), inputs<2, 2>());
    (sum(a) + sum(square(b))).backward();
    log.gradients(model.parameters());
    log.require_same("several");

    nn::LSTM<3, 4> lstm;
    std::vector<std::vector<index_t>> shapes;
    const auto handle = lstm.register_forward_hook([&](const nn::ModuleRef&, Seen, Inputs o) {
        for (const auto& array : o) shapes.push_back(array.extents());
        o[1] = o[1].as<float, Shape<1, dyn, 4>>() * 0;
    });
    auto [output, h_n, c_n] = lstm(nn::hooked(randn<Shape<5, 2, 3>>()));
    REQUIRE(shapes == std::vector<std::vector<index_t>>{{5, 2, 4}, {1, 2, 4}, {1, 2, 4}});
    REQUIRE(sum(abs(h_n)).item() == 0);
    REQUIRE(sum(abs(c_n)).item() > 0);
}

TEST_CASE("hooked calls give the results of others", "[nn]") {
    manual_seed(3);
    nn::Sequential<nn::Conv2d<1, 4, 3>, nn::BatchNorm2d<4>, nn::ReLU, nn::MaxPool2d<2>, nn::Flatten<>, nn::Linear<36, 5>> model;
    model.eval();
    const auto x = randn<Shape<3, 1, 8, 8>>();
    const Tensor<float, Shape<3, 5>> plain = model(x);
    const Tensor<float, Shape<3, 5>> hooked = model(nn::hooked(x));
    for (index_t i = 0; i < plain.size(); ++i) REQUIRE(hooked.data()[i] == Approx(plain.data()[i]).epsilon(1e-5));
    sum(square(model(x))).backward();
    const float gradient = model.get<0>().weight.grad()(0, 0, 0, 0);
    model.zero_grad();
    index_t calls = 0;
    const auto handle = nn::register_module_full_backward_hook([&](const nn::ModuleRef&, Inputs, Seen) { ++calls; });
    sum(square(model(nn::hooked(x)))).backward();
    REQUIRE(model.get<0>().weight.grad()(0, 0, 0, 0) == Approx(gradient).epsilon(1e-4));
    REQUIRE(calls == 7);
}

TEST_CASE("hooks may throw, remove and add hooks", "[nn]") {
    auto model = filled<Residual>();
    const auto x = inputs<2, 3>();
    auto thrower = model.act.register_forward_hook([](const nn::ModuleRef&, Seen, Inputs) { throw Error("no further"); });
    REQUIRE_ERROR(model(nn::hooked(x)), "no further");
    thrower.remove();
    thrower.remove();
    auto later = model.act.register_full_backward_hook([](const nn::ModuleRef&, Inputs, Seen) { throw Error("not back"); });
    REQUIRE_ERROR(sum(model(nn::hooked(x))).backward(), "not back");
    later.remove();
    model.zero_grad();
    sum(model(nn::hooked(x))).backward();
    const auto gradient = Tensor<float, Shape<3, 3>>(model.first.weight.grad());
    model.zero_grad();
    sum(model(x)).backward();
    for (index_t i = 0; i < 9; ++i) REQUIRE(gradient.data()[i] == Approx(model.first.weight.grad().data()[i]));

    int runs = 0;
    nn::RemovableHandle once, inner;
    once = model.act.register_forward_hook([&](const nn::ModuleRef& m, Seen, Inputs) {
        ++runs;
        once.remove();
        inner = m.register_forward_hook([&](const nn::ModuleRef&, Seen, Inputs) { runs += 10; });
    });
    static_cast<void>(model(nn::hooked(x)));
    REQUIRE(runs == 1);
    static_cast<void>(model(nn::hooked(x)));
    REQUIRE(runs == 11);
}

TEST_CASE("hooks that would not run are an error, and so is what does not fit", "[nn]") {
    auto model = filled<Residual>();
    const auto x = inputs<2, 3>();
    {
        const auto handle = model.act.register_forward_hook([](const nn::ModuleRef&, Seen, Inputs) {});
        REQUIRE_ERROR(model(x), "hooked(x)");
        Residual copy = model;  // has none
        REQUIRE(copy(x).value().size() == 4);
        REQUIRE(model.first(x).value().size() == 6);
    }
    REQUIRE(model(x).value().size() == 4);
    const auto hook = [&](auto replace) { return model.act.register_forward_hook([=](const nn::ModuleRef&, Seen, Inputs o) { replace(o[0]); }); };
    {
        const auto handle = hook([](HookArray& y) { y = ones<Shape<3, 3>>(); });
        REQUIRE_ERROR(model(nn::hooked(x)), "a hook", "float32 (2, 3)", "float32 (3, 3)");
    }
    {
        const auto handle = hook([](HookArray& y) { y = ones<Shape<2, 3>, double>(); });
        REQUIRE_ERROR(model(nn::hooked(x)), "a hook", "float32", "float64");
    }
    {
        const auto handle = hook([](HookArray& y) { static_cast<void>(y.as<float, Shape<dyn, 4>>()); });
        REQUIRE_ERROR(model(nn::hooked(x)), "a hook", "float32 (dyn, 4)", "float32 (2, 3)");
    }
    {
        const auto handle = hook([](HookArray& y) { y = HookArray(); });
        REQUIRE_ERROR(model(nn::hooked(x)), "a hook", "none");
    }
}

TEST_CASE("states have PyTorch's hooks", "[nn]") {
    Log log;
    nn::Sequential<nn::Linear<2, 1>, nn::Sequential<nn::Linear<1, 1>>> model;
    std::vector<nn::RemovableHandle> handles;
    const auto shown = [](const std::string& prefix) { return prefix.empty() ? "-" : prefix; };
    for (const auto& module : model.modules()) {
        handles.push_back(module.register_state_dict_pre_hook([&](const nn::ModuleRef&, const std::string& prefix) { log.add("before", shown(prefix)); }));
        handles.push_back(module.register_state_dict_post_hook([&](const nn::ModuleRef&, StateDict& state, const std::string& prefix) {
            log.add("behind", shown(prefix) + " " + std::to_string(state.size()));
        }));
        handles.push_back(module.register_load_state_dict_pre_hook([&](const nn::ModuleRef&, StateDict&, const std::string& prefix) { log.add("load", shown(prefix)); }));
        handles.push_back(module.register_load_state_dict_post_hook([&](const nn::ModuleRef& m, LoadResult&) { log.add("loaded", m); }));
    }
    model.load_state_dict(model.state_dict());
    std::vector<std::string> events, expected;
    for (const auto& event : log.events()) events.push_back(event.text);
    const auto all = read_events();
    // PyTorch loads a child before it looks at the next one; here all are asked before anything is written.
    for (const bool loaded : {false, true})
        for (const auto& event : all.at("states"))
            if (event.text.starts_with("loaded") == loaded) expected.push_back(event.text);
    REQUIRE(events == expected);
}

TEST_CASE("hooks rename, drop and forgive entries of states", "[nn]") {
    nn::Linear<2, 1> model, old;
    Tensor<float, Shape<1>> extra{5};
    const auto renamed = model.register_load_state_dict_pre_hook([](const nn::ModuleRef&, StateDict& source, const std::string& prefix) {
        for (auto& entry : source)
            if (entry.name == prefix + "kernel") entry.name = prefix + "weight";
    });
    StateDict state = old.state_dict();
    state[0].name = "kernel";
    model.load_state_dict(state);
    REQUIRE(model.weight.data()[1] == old.weight.data()[1]);

    const auto added = model.register_state_dict_post_hook([&](const nn::ModuleRef&, StateDict& into, const std::string& prefix) {
        into.push_back({prefix + "extra", Dtype::F32, {1}, extra.data()});
    });
    REQUIRE(model.state_dict("fc").back().name == "fc.extra");
    REQUIRE_ERROR(model.load_state_dict(model.state_dict()), "load_state_dict", "unexpected extra");
    const auto forgiven = model.register_load_state_dict_post_hook([](const nn::ModuleRef&, LoadResult& result) { result.unexpected_keys.clear(); });
    REQUIRE(model.load_state_dict(model.state_dict()).unexpected_keys.empty());
}

TEST_CASE("containers tell hooks what they take", "[nn]") {
    std::vector<std::string> told;
    const auto modules = nn::register_module_module_registration_hook([&](const nn::ModuleRef& container, const std::string& name, const nn::ModuleRef& module) {
        told.push_back(std::string(container.type_name()) + " " + name + " " + std::string(module.type_name()));
        module.get<nn::Linear<2, 2>>().bias.value().fill(7);
    });
    auto parameters = nn::register_module_parameter_registration_hook([&](const nn::ModuleRef& container, const std::string& name, const nn::ParameterRef& parameter) {
        told.push_back(std::string(container.type_name()) + " " + name + " " + std::to_string(parameter.size()));
    });
    nn::ModuleList<nn::Linear<2, 2>> list;
    list.append({}).insert(0, {});
    nn::ModuleDict<nn::Linear<2, 2>> dictionary;
    dictionary.set("head", {});
    nn::ParameterList<Parameter<float, Shape<3>>> scales;
    scales.append({});
    nn::ParameterDict<Parameter<float, Shape<4>>> shifts;
    shifts.set("up", {});
    parameters.remove();
    scales.append({});
    REQUIRE(told == std::vector<std::string>{"ModuleList 0 Linear", "ModuleList 0 Linear", "ModuleDict head Linear", "ParameterList 0 3", "ParameterDict up 4"});
    REQUIRE(list[0].bias.data()[1] == 7);
    REQUIRE(dictionary["head"].bias.data()[0] == 7);
}
