// Writes the cases to a folder, which is the argument.
#include <cstdio>

#include "cases.hpp"

int main(int argc, char** argv) {
    using namespace onnx_cases;
    if (argc != 2) return std::fputs("usage: onnx_cases FOLDER\n", stderr), 2;
    const Folder folder(argv[1]);
    add_activations(folder);
    add_convolutions(folder);
    add_losses(folder);
    add_models(folder);
    add_normalizations(folder);
    add_operations(folder);
    add_pooling(folder);
    add_recurrent(folder);
    add_sparse(folder);
    add_transformers(folder);
}
