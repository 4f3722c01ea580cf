#include "cases.hpp"
#include "xnn/models/gpt.hpp"
#include "xnn/models/lenet.hpp"
#include "xnn/models/mobilenet.hpp"
#include "xnn/models/resnet.hpp"
#include "xnn/models/tagger.hpp"

namespace onnx_cases {

void add_models(const Folder& folder) {
    using Tokens = Tensor<std::int64_t, Shape<dyn, dyn>>;
    folder.add<Shape<dyn, 1, 28, 28>>("models_LeNet", models::LeNet<>{}, uniform<Shape<2, 1, 28, 28>>(1));
    folder.add<Shape<dyn, 1, 28, 28>>("models_LeNet_frozen", freeze(models::LeNet<>{}.eval()), uniform<Shape<2, 1, 28, 28>>(1));
    folder.add<Shape<dyn, 3, dyn, dyn>>("models_ResNet18", models::ResNet18<10>{}, uniform<Shape<2, 3, 64, 64>>(1));
    folder.add<Tokens>("models_Gpt", models::Gpt<models::GptOptions{.layers = 2, .heads = 2, .width = 16, .context = 12, .vocabulary = 20}>{0.1},
                       integers<std::int64_t, Shape<2, 7>>(1, 20));
    folder.add<Tensor<std::int64_t, Shape<dyn, 12>>>("models_Gpt_tied",
                                                     models::Gpt<models::GptOptions{.layers = 1, .heads = 2, .width = 16, .context = 12, .vocabulary = 20, .tie_weights = true}>{},
                                                     integers<std::int64_t, Shape<2, 12>>(1, 20));
    folder.add<Tokens>("models_LSTMTagger", models::LSTMTagger<30, 5>{}, integers<std::int64_t, Shape<3, 8>>(1, 30));
    folder.add<Tokens, Tensor<std::int64_t, Shape<dyn>>>("models_LSTMTagger_lengths", models::LSTMTagger<30, 5, models::TaggerOptions{.num_layers = 2, .bidirectional = true}>{},
                                                        integers<std::int64_t, Shape<3, 8>>(1, 30), Tensor<std::int64_t, Shape<3>>{5, 8, 2});
}

}  // namespace onnx_cases
