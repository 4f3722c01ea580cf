#include "cases.hpp"

namespace onnx_cases {

void add_losses(const Folder& folder) {
    using namespace nn;
    using X = Shape<dyn, 4>;
    const auto x = uniform<Shape<5, 4>>(1), y = uniform<Shape<5, 4>>(2);
    const auto p = uniform<Shape<5, 4>>(1, 0.05F, 0.95F), q = uniform<Shape<5, 4>>(2, 0.05F, 0.95F);
    folder.add<X, X>("MSELoss", MSELoss<>{}, x, y);
    folder.add<X, X>("L1Loss", L1Loss<Reduction::sum>{}, x, y);
    folder.add<X, X>("SmoothL1Loss", SmoothL1Loss<>{0.5}, x, y);
    folder.add<X, X>("HuberLoss", HuberLoss<Reduction::none>{0.5}, x, y);
    folder.add<X, X>("BCELoss", BCELoss<>{}, p, q);
    folder.add<X, X>("BCEWithLogitsLoss", BCEWithLogitsLoss<>{}, x, q);
    folder.add<X, X>("BCEWithLogitsLoss_weights", BCEWithLogitsLoss(uniform<Shape<4>>(3, 0, 1), uniform<Shape<4>>(4, 0, 2)), x, q);
    folder.add<X, X>("KLDivLoss", KLDivLoss<>{}, x, q);
    folder.add<X, X>("KLDivLoss_log", KLDivLoss<Reduction::sum, true>{}, x, y);
    using Classes = Tensor<std::int64_t, Shape<dyn>>;
    const auto classes = integers<std::int64_t, Shape<5>>(1, 4);
    folder.add<X, Classes>("CrossEntropyLoss", CrossEntropyLoss<>{}, x, classes);
    folder.add<X, Classes>("CrossEntropyLoss_weights", CrossEntropyLoss(uniform<Shape<4>>(3, 0, 1)), x, classes);
    folder.add<Shape<dyn, 4, 3, 2>, Tensor<std::int64_t, Shape<dyn, 3, 2>>>("CrossEntropyLoss_of_images", CrossEntropyLoss<Reduction::none>{}, uniform<Shape<5, 4, 3, 2>>(1),
                                                                          integers<std::int64_t, Shape<5, 3, 2>>(1, 4));
    folder.add<X, Classes>("NLLLoss", NLLLoss<Reduction::sum>{}, x, classes);
}

}  // namespace onnx_cases
