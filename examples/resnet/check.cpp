#include "check.hpp"

#include <cmath>
#include <cstdio>
#include <xnn/io/safetensors.hpp>
#include <xnn/tools/summary.hpp>
#include <xnn/tools/text.hpp>

#include "images.hpp"

namespace resnet {

// Constants of the type: nothing has run for them, and no parameter exists.
constexpr xnn::index_t operations = xnn::flops<Pretrained, Image>;
constexpr xnn::index_t workspace = xnn::workspace_bytes<Pretrained, Image>;

Pretrained load_pretrained(const Options& options) {
    Pretrained model;
    xnn::io::load_safetensors(options.data / "resnet" / "digits_0_to_4.safetensors", model.state_dict());
    model.eval();
    return model;
}

double check(const Options& options, const Pretrained& model) {
    std::printf("%s\n", xnn::tools::summary(model, Image{}).c_str());
    std::printf("Known to the compiler, for one image: %td parameters, %td floating-point operations forward,\n"
                "%td bytes of workspace for a step forward and back.\n\n",
                xnn::parameter_count<Pretrained>, operations, workspace);

    const xnn::io::SafetensorsFile stored(options.data / "resnet" / "answers.safetensors");
    const auto positions = stored.tensor<xnn::Tensor<std::int64_t, xnn::Shape<16>>>("positions");
    const auto expected = stored.tensor<xnn::Tensor<float, xnn::Shape<16, 5>>>("logits");
    const xnn::data::Mnist mnist(options.data / "mnist", {.train = false, .normalize = xnn::data::mnist_normalization});
    const Digits digits = digits_at(mnist, positions);

    const xnn::NoGradGuard no_grad;
    const auto logits = model(digits.get<0>());  // a name: computed once for the uses below
    const xnn::Tensor<std::int64_t, Labels> answers = xnn::argmax<1>(logits);
    const auto view = logits.value();
    std::printf("shown   ");
    for (const std::int64_t label : digits.get<1>()) std::printf(" %td", static_cast<xnn::index_t>(label));
    std::printf("\nanswered");
    for (const std::int64_t answer : answers) std::printf(" %td", static_cast<xnn::index_t>(answer));
    std::printf("\n");

    double largest = 0, difference = 0;
    for (xnn::index_t i = 0; i < expected.size(); ++i) {
        const double theirs = static_cast<double>(expected.data()[i]), ours = static_cast<double>(view.data[i]);
        largest = std::max(largest, std::abs(theirs));
        difference = std::isnan(ours) ? ours : std::max(difference, std::abs(ours - theirs));
    }
    return difference / largest;
}

}  // namespace resnet
