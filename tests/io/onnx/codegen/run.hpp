// Generated networks on the inputs and outputs that stand beside their files.
#pragma once

#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "xnn/io/onnx/load.hpp"
#include "xnn/xnn.hpp"

namespace onnx_run {

using namespace xnn;
namespace fs = std::filesystem;

/// A tensor of a file that holds nothing else.
class TensorFile {
public:
    explicit TensorFile(const fs::path& path) {
        const auto bytes = io::read_file(path);
        if (!proto_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) fail(path.string(), "a tensor", "something else");
        stored_ = xnn::onnx::detail::stored_tensor(path.string(), proto_, storage_);
    }
    const io::StoredTensor& stored() const { return *stored_; }

private:
    ::onnx::TensorProto proto_;
    std::deque<std::string> storage_;
    std::optional<io::StoredTensor> stored_;
};

/// What is wrong with a result; nothing if it is the expected one.
template <class E>
std::string difference(const E& expression, const io::StoredTensor& expected) {
    using T = value_t<E>;
    const Tensor<T, shape_t<E>> got = expression;
    const auto shape = got.shape().extents();
    const std::vector<index_t> extents(shape.begin(), shape.end());
    if (dtype_of<T> != expected.dtype || extents != expected.extents)
        return describe(dtype_of<T>, extents) + " instead of " + describe(expected.dtype, expected.extents);
    double most = 0;
    for (index_t i = 0; i < got.size(); ++i) {
        T wanted;
        std::memcpy(static_cast<void*>(&wanted), expected.data + i * static_cast<index_t>(sizeof(T)), sizeof(T));
        const auto a = static_cast<double>(got.data()[i]), b = static_cast<double>(wanted);
        if (!(std::abs(a - b) <= 1e-5 + 1e-4 * std::abs(b)) && !(std::isnan(a) && std::isnan(b)) && a != b) most = std::max(most, std::abs(a - b));
    }
    return most > 0 ? "off by " + std::to_string(most) : "";
}

template <class R, class F>
void for_each_result(const R& result, F&& f) {
    if constexpr (requires { std::tuple_size<R>::value; })
        std::apply([&](const auto&... each) { (f(each), ...); }, result);
    else
        f(result);
}

template <class Network, class... Inputs, std::size_t... I>
std::string run_set(const Network& network, const fs::path& folder, std::type_identity<std::tuple<Inputs...>>, std::index_sequence<I...>) {
    const auto file = [&](const char* kind, std::size_t i) { return TensorFile(folder / (kind + ("_" + std::to_string(i)) + ".pb")); };
    const std::tuple<Inputs...> inputs{io::to_tensor<Inputs>("input", file("input", I).stored())...};
    std::string problem;
    std::size_t i = 0;
    for_each_result(network(std::get<I>(inputs)...), [&](const auto& result) {
        if (problem.empty()) problem = difference(result, file("output", i).stored());
        ++i;
    });
    return problem;
}

/// Loads a network's weights from the file in a case's folder and runs it on all sets of data there.
template <class Network, class Inputs>
std::string run(const fs::path& folder, void (*load)(Network&, const fs::path&)) {
    Network network;
    load(network, folder / "model.onnx");
    const NoGradGuard no_grad;
    int sets = 0;
    for (; fs::exists(folder / ("test_data_set_" + std::to_string(sets))); ++sets)
        if (auto problem = run_set(network, folder / ("test_data_set_" + std::to_string(sets)), std::type_identity<Inputs>{},
                                   std::make_index_sequence<std::tuple_size_v<Inputs>>{});
            !problem.empty())
            return problem;
    return sets > 0 ? "" : "no data";
}

/// The cases of a program, by their folders.
inline std::map<std::string, std::string (*)(const fs::path&)>& cases() {
    static std::map<std::string, std::string (*)(const fs::path&)> all;
    return all;
}
struct Registered {
    Registered(const char* folder, std::string (*run)(const fs::path&)) { cases()[folder] = run; }
};

/// Runs all cases and prints what is wrong with each, or nothing.
inline int run_all() {
    for (const auto& [folder, run] : cases()) {
        std::string problem;
        try {
            problem = run(folder);
        } catch (const std::exception& error) { problem = error.what(); }
        std::printf("%s\t%s\n", folder.c_str(), problem.c_str());
    }
    return 0;
}

}  // namespace onnx_run
