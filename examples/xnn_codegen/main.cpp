// xnn-codegen: a C++ header from an ONNX file, with the network as a type and a loader of its weights.
//   xnn-codegen model.onnx --name LeNet --namespace nets -o lenet.hpp
#include <CLI/CLI.hpp>
#include <cstdio>

#include "xnn/io/onnx/codegen/header.hpp"

int main(int argc, char** argv) {
    CLI::App app{"Writes a C++ header with the network of an ONNX file as a type, and a loader of its weights"};
    std::string model, output;
    xnn::onnx::codegen::HeaderOptions options;
    app.add_option("model", model, "The ONNX file")->required();
    app.add_option("-o,--output", output, "The header; the standard output if absent");
    app.add_option("--name", options.name, "The name of the type")->capture_default_str();
    app.add_option("--namespace", options.name_space, "The namespace of the type")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    try {
        const std::string header = xnn::onnx::codegen::write_header(model, xnn::io::read_file(model), options);
        if (output.empty()) return std::fputs(header.c_str(), stdout) < 0;
        xnn::io::AtomicFile file(output);
        file.write(header);
        file.commit();
    } catch (const xnn::Error& error) {
        std::fprintf(stderr, "xnn-codegen: %s\n", error.what());
        return 1;
    }
}
