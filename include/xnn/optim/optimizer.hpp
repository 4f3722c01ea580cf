// What all optimisers share: parameters without their shapes, groups of them with options, and the state that goes with each.
// https://pytorch.org/docs/stable/optim.html
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "xnn/cpu/optimizer.hpp"
#include "xnn/nn/module.hpp"
#include "xnn/nn/parameter_ref.hpp"

namespace xnn::optim {

/// Refuses an option that makes no sense: throws Error naming it.
[[gnu::noinline]] inline void require_option(bool good, std::string_view optimizer, std::string_view expected, double got) {
    if (!good) fail(optimizer, expected, std::to_string(got));
}

using nn::ParameterRef;

namespace detail {
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_twice(std::string_view optimizer, const ParameterRef& parameter) {
    fail(optimizer, "each parameter in one group", "parameter '" + parameter.name + "' in more than one");
}
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_gradient(std::string_view optimizer, std::string_view expected, bool sparse, const ParameterRef& parameter) {
    fail(optimizer, expected, (sparse ? "a sparse one of parameter '" : "a dense one of parameter '") + parameter.name + "'");
}
}  // namespace detail

/// A parameter with what an optimiser remembers of it: the number of steps, and arrays like the parameter.
struct Entry {
    static constexpr std::size_t most_arrays = 3;

    explicit Entry(ParameterRef reference) : parameter(std::move(reference)) {}

    ParameterRef parameter;
    std::int64_t steps = 0;
    void* arrays[most_arrays] = {};

    /// Makes array i, zeros at first, unless that has been done.
    template <class T, class Device>
    void make_array(std::size_t i) {
        if (arrays[i]) return;
        auto* memory = new MemoryOf<Tensor<T, Shape<dyn>, Device>>(parameter.size());
        memory_[i] = Ref<Memory>(memory);
        arrays[i] = memory->tensor.data();
    }

private:
    struct Memory {
        virtual ~Memory() = default;
        index_t references = 0;
    };
    template <class Array>
    struct MemoryOf final : Memory {
        explicit MemoryOf(index_t size) : tensor(Shape<dyn>(size)) {}
        Array tensor;
    };
    Ref<Memory> memory_[most_arrays];
};

/// Calls step(begin, count) for the elements of each of these rows of a parameter, or for all elements (null).
template <class F>
void step_rows(Cpu, const GradientRows* rows, index_t size, index_t width, const F& step) {
    if (!rows) return step(0, size);
    for (const index_t row : static_cast<const GradientRowsOn<Cpu>*>(rows)->list()) step(row * width, width);
}

/// An optimiser of any kind, as learning rate schedulers see it.
class Optimizer {
public:
    virtual ~Optimizer() = default;

    /// Updates every parameter that has a gradient.
    virtual void step() = 0;
    /// Forgets all gradients.
    virtual void zero_grad() = 0;
    virtual std::size_t group_count() const = 0;
    /// The learning rate of a group, for schedulers to change.
    virtual double& lr(std::size_t group) = 0;
    /// What it was when a scheduler first met the group.
    virtual double& initial_lr(std::size_t group) = 0;
};

/// The base of an optimiser. Self has
///   name                          for messages
///   using options_type            an aggregate with a member `lr`
///   array_names                   what the arrays of an Entry are called in a checkpoint
///   check(options)                throws Error for options that make no sense
///   arrays_of(options)            how many arrays these options need
///   visit_options(options, f)     calls f(name, option) for each, in PyTorch's order
///   update(steps, entry, options, value, gradient)
///                                 hands a step to `steps`, the device or what collects for it
///   refusal(sparse, options)      what it says it takes where it does not take such gradients; else nothing (optional)
/// and constructors that are templates: a program compiles no optimiser but those that it makes.
template <class Self, class Options>
class OptimizerOf : public Optimizer {
    struct Item;
    using Update = void (*)(Item*, std::size_t, const Options&);
    using Create = void (*)(Entry&, const Options&);
    struct Item {
        Entry entry;
        Update update;  // of items that have the same
        Create create;
    };

public:
    /// Parameters that share options: a module's, one parameter, or whatever add() is given.
    class Group {
    public:
        Group() = default;
        explicit Group(const Options& group_options) : options(group_options), has_options_(true) {}
        /// Those of a module, with the optimiser's options.
        template <nn::AnyModule M>
        Group(M& module) {
            add(module);
        }
        /// Those of a module, with options of their own.
        template <nn::AnyModule M>
        Group(M& module, const Options& group_options) : Group(group_options) {
            add(module);
        }

        template <nn::AnyModule M>
        [[gnu::cold]] Group& add(M& module) {
            nn::visit_parameters(module, [&](const nn::Path& path, auto& parameter) { append(path, parameter); });
            return *this;
        }
        template <Element T, AnyShape S, class Device>
        Group& add(Parameter<T, S, Device>& parameter, std::string_view name = "") {
            append(nn::Path{nullptr, name}, parameter);
            return *this;
        }

        std::size_t size() const { return items_.size(); }

        Options options{};

    private:
        friend class OptimizerOf;
        template <Element T, AnyShape S, class Device>
        void append(const nn::Path& path, Parameter<T, S, Device>& parameter) {
            append(ParameterRef(path, parameter), &update<T, Device>, &create<T, Device>);
        }
        [[gnu::cold, gnu::noinline]] void append(ParameterRef parameter, Update step, Create prepare) {
            items_.push_back(Item{Entry(std::move(parameter)), step, prepare});
        }
        template <class T, class Device>
        static void update(Item* items, std::size_t count, const Options& options) {
            auto steps = begin_steps<T>(Device{});
            for (std::size_t i = 0; i < count; ++i) {
                Entry& entry = items[i].entry;
                const T* gradient = static_cast<const T*>(entry.parameter.gradient());
                if (gradient == nullptr) continue;
                create<T, Device>(entry, options);
                using Steps = decltype(steps);
                if constexpr (requires { steps.repeats(&advance<T, Steps>, &entry, &options); }) steps.repeats(&advance<T, Steps>, &entry, &options);
                advance<T>(steps, &entry, &options);
            }
            finish_steps(steps);
        }
        /// One step of an entry; what repeats it without calling step() again knows no types.
        template <class T, class Steps>
        static void advance(Steps& steps, void* item, const void* options) {
            Entry& entry = *static_cast<Entry*>(item);
            ++entry.steps;
            Self::update(steps, entry, *static_cast<const Options*>(options), static_cast<T*>(entry.parameter.value()),
                         static_cast<const T*>(entry.parameter.gradient()));
        }
        template <class T, class Device>
        static void create(Entry& entry, const Options& options) {
            for (std::size_t i = 0; i < Self::arrays_of(options); ++i) entry.template make_array<T, Device>(i);
        }
        void update_all() {
            std::size_t end = 0;
            for (std::size_t first = 0; first < items_.size(); first = end) {
                while (end < items_.size() && items_[end].update == items_[first].update) ++end;
                items_[first].update(&items_[first], end - first, options);
            }
        }
        std::vector<Item> items_;
        bool has_options_ = false;
        double initial_lr_ = 0;
    };

    [[gnu::noinline]] ~OptimizerOf() override {}  // once for all that end in it

    /// Adds parameters that are to be updated too. Throws Error if one of them is in a group already.
    [[gnu::cold, gnu::noinline]] void add_param_group(Group group) {
        if (!group.has_options_) group.options = defaults_;
        Self::check(group.options);
        const auto known = [](const Group& in, const Item& item, std::size_t end) {
            for (std::size_t i = 0; i < end; ++i)
                if (in.items_[i].entry.parameter.same_storage(item.entry.parameter)) return true;
            return false;
        };
        for (std::size_t i = 0; i < group.size(); ++i) {
            bool found = known(group, group.items_[i], i);
            for (const auto& other : groups_) found = found || known(other, group.items_[i], other.size());
            if (found) detail::refuse_twice(Self::name, group.items_[i].entry.parameter);
        }
        group.initial_lr_ = group.options.lr;
        groups_.push_back(std::move(group));
    }

    /// The groups, whose options may be changed between steps.
    std::vector<Group>& param_groups() { return groups_; }
    const std::vector<Group>& param_groups() const { return groups_; }

    void step() override {
        for (const auto& group : groups_)
            for (const auto& item : group.items_) require_gradient(item.entry.parameter, group.options);
        for (auto& group : groups_) group.update_all();
    }
    void zero_grad() override {
        for (auto& group : groups_)
            for (auto& item : group.items_) item.entry.parameter.zero_grad();
    }
    std::size_t group_count() const override { return groups_.size(); }
    double& lr(std::size_t group) override { return groups_.at(group).options.lr; }
    double& initial_lr(std::size_t group) override { return groups_.at(group).initial_lr_; }

    /// All state and the options by PyTorch's names, for a checkpoint: `state.0.step`, `state.0.exp_avg`, … with the number of
    /// the parameter, and `param_groups.0.lr`, … with that of the group. What is written there counts in the next step.
    StateDict state_dict(const std::string& prefix = "") {
        StateDict result;
        numbers_.clear();
        for (auto& group : groups_)
            for (auto& item : group.items_) {
                const auto number = static_cast<index_t>(numbers_.size());
                numbers_.push_back(number);
                append_state(result, prefix + "state." + std::to_string(number) + ".", item, group.options);
            }
        index_t* numbers = numbers_.data();
        for (std::size_t g = 0; g < groups_.size(); numbers += groups_[g++].size())
            append_options(result, prefix + "param_groups." + std::to_string(g) + ".", groups_[g], numbers);
        return result;
    }
    /// Copies the state of another optimiser of this class. Throws one Error that lists everything that does not fit, and then
    /// changes nothing.
    void load_state_dict(const StateDict& source) { load_state(source, state_dict()); }

protected:
    static std::string_view refusal(bool sparse, const Options&) { return sparse ? "dense gradients" : ""; }

    template <nn::AnyModule M>
    [[gnu::cold]] OptimizerOf(M& model, const Options& options) : defaults_(options) {
        add_first(Group(model, options));
    }
    [[gnu::cold]] OptimizerOf(std::initializer_list<Group> groups, const Options& options) : defaults_(options) {
        Self::check(options);
        std::size_t parameters = 0;
        for (const auto& group : groups) {
            parameters += group.size();
            add_param_group(group);
        }
        if (parameters == 0) fail(Self::name, "parameters", "none");
    }
    OptimizerOf(const OptimizerOf&) = delete;
    OptimizerOf& operator=(const OptimizerOf&) = delete;

private:
    static void append_state(StateDict& into, const std::string& prefix, Item& item, const Options& options) {
        const std::size_t arrays = Self::arrays_of(options);
        if (arrays == 0) return;
        Entry& entry = item.entry;
        item.create(entry, options);
        into.push_back({prefix + "step", Dtype::I64, {}, &entry.steps});
        for (std::size_t a = 0; a < arrays; ++a)
            into.push_back({prefix + std::string(Self::array_names[a]), entry.parameter.dtype, entry.parameter.extents, entry.arrays[a], false, entry.parameter.access});
    }
    static void append_options(StateDict& into, const std::string& prefix, Group& group, index_t* numbers) {
        Self::visit_options(group.options, [&]<class T>(const char* option, T& value) {
            if constexpr (std::same_as<T, bool> || std::same_as<T, double>)
                into.push_back({prefix + option, dtype_of<T>, {}, &value, true});
            else  // the betas
                into.push_back({prefix + option, Dtype::F64, {static_cast<index_t>(sizeof value / sizeof(double))}, &value, true});
        });
        into.push_back({prefix + "initial_lr", Dtype::F64, {}, &group.initial_lr_, true});
        into.push_back({prefix + "params", Dtype::I64, {static_cast<index_t>(group.size())}, numbers, true});
    }
    static void require_gradient(const ParameterRef& parameter, const Options& options) {
        if (!parameter.has_gradient()) return;
        const bool sparse = parameter.gradient_rows() != nullptr;
        if (const std::string_view expected = Self::refusal(sparse, options); !expected.empty())
            detail::refuse_gradient(Self::name, expected, sparse, parameter);
    }
    [[gnu::cold]] void add_first(Group group) {
        if (group.size() == 0) fail(Self::name, "parameters", "a model without any");
        add_param_group(std::move(group));
    }
    std::vector<Group> groups_;
    Options defaults_;
    std::vector<index_t> numbers_;  // of the parameters, for state_dict() to refer to
};

}  // namespace xnn::optim
