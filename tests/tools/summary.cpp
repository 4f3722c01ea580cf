#include "xnn/tools/summary.hpp"

#include <catch2/catch.hpp>

#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/flatten.hpp"

using namespace xnn;

namespace {

struct Net : nn::Module<Net> {
    nn::Conv2d<1, 20, 5> conv;
    nn::Sequential<nn::Linear<2880, 500>, nn::ReLU, nn::Linear<500, 10>> head;
    nn::Linear<3, 3> unused;
    auto forward(auto x) const { return x | conv | nn::max_pool2d<2> | nn::flatten | head; }
};

}  // namespace

TEST_CASE("a summary lists each layer with its shape, parameters and multiply-adds", "[tools]") {
    Net net;
    net.conv.requires_grad_(false);
    const auto rows = tools::summary_rows(net, Shape<8, 1, 28, 28>{});
    REQUIRE(rows.size() == 7);
    REQUIRE(rows[0].type == "Net");
    REQUIRE(rows[0].output == std::vector<index_t>{8, 10});
    REQUIRE(rows[1].name == "conv");
    REQUIRE(rows[1].type == "Conv2d");
    REQUIRE(rows[1].output == std::vector<index_t>{8, 20, 24, 24});
    REQUIRE(rows[1].parameters == 520);
    REQUIRE(rows[1].mult_adds == 8 * 24 * 24 * 20 * 25);
    REQUIRE(rows[3].depth == 2);
    REQUIRE(rows[3].mult_adds == 8 * 2880 * 500);
    REQUIRE(rows[4].type == "ReLU");
    REQUIRE(rows[4].output == std::vector<index_t>{8, 500});
    REQUIRE(!rows[6].ran);
    REQUIRE(rows[0].mult_adds == rows[1].mult_adds + rows[2].mult_adds);

    const std::string text = tools::summary(net, Shape<8, 1, 28, 28>{});
    for (const char* words : {"conv (Conv2d)", "(8, 20, 24, 24)", "1,440,500", "Total params: 1,446,042", "Non-trainable params: 520",
                              "Trainable params: 1,445,522", "Params size (MB): 5.78"})
        REQUIRE(text.find(words) != std::string::npos);
}
