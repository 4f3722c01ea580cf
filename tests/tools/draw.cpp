#include "xnn/tools/draw.hpp"

#include <catch2/catch.hpp>

#include "xnn/nn/activation.hpp"
#include "xnn/nn/containers.hpp"
#include "xnn/nn/linear.hpp"

using namespace xnn;

namespace {

struct Net : nn::Module<Net> {
    nn::Linear<3, 4> fc;
    nn::Sequential<nn::ReLU, nn::Linear<4, 2>> head;
    nn::Tanh spare;

    auto forward(auto x) const { return x | fc | head; }
};

}  // namespace

TEST_CASE("a model is drawn for Mermaid", "[tools]") {
    REQUIRE(tools::draw(Net{}, Shape<5, 3>{}) == R"~(flowchart TD
    input([input])
    subgraph m0["Net"]
        m1["fc: Linear"]
        subgraph m2["head: Sequential"]
            m3["0: ReLU"]
            m4["1: Linear"]
        end
        m5["spare: Tanh"]
    end
    input -->|"(5, 3)"| m1
    m1 -->|"(5, 4)"| m3
    m3 -->|"(5, 4)"| m4
    output([output])
    m4 -->|"(5, 2)"| output
)~");
}

TEST_CASE("a model is drawn for Graphviz", "[tools]") {
    REQUIRE(tools::draw(Net{}, Shape<5, 3>{}, tools::DrawingLanguage::graphviz) == R"~(digraph {
    node [shape=box];
    input [shape=oval];
    subgraph cluster_m0 {
        label="Net";
        m1 [label="fc: Linear"];
        subgraph cluster_m2 {
            label="head: Sequential";
            m3 [label="0: ReLU"];
            m4 [label="1: Linear"];
        }
        m5 [label="spare: Tanh"];
    }
    input -> m1 [label="(5, 3)"];
    m1 -> m3 [label="(5, 4)"];
    m3 -> m4 [label="(5, 4)"];
    output [shape=oval];
    m4 -> output [label="(5, 2)"];
}
)~");
    REQUIRE(tools::draw(nn::Linear<3, 2>{}, Shape<1, 3>{}) == R"~(flowchart TD
    input([input])
    m0["Linear"]
    input -->|"(1, 3)"| m0
    output([output])
    m0 -->|"(1, 2)"| output
)~");
}
