// A forward pass of twenty chained named reuses: a type must end at every name.
// at most: 5 s
#include <xnn/xnn.hpp>
using namespace xnn;

struct Net : nn::Module<Net> {
    nn::Linear<16, 16> f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20;
    auto forward(auto h0) const {
        auto h1 = h0 + f1(h0);
        auto h2 = h1 + f2(h1);
        auto h3 = h2 + f3(h2);
        auto h4 = h3 + f4(h3);
        auto h5 = h4 + f5(h4);
        auto h6 = h5 + f6(h5);
        auto h7 = h6 + f7(h6);
        auto h8 = h7 + f8(h7);
        auto h9 = h8 + f9(h8);
        auto h10 = h9 + f10(h9);
        auto h11 = h10 + f11(h10);
        auto h12 = h11 + f12(h11);
        auto h13 = h12 + f13(h12);
        auto h14 = h13 + f14(h13);
        auto h15 = h14 + f15(h14);
        auto h16 = h15 + f16(h15);
        auto h17 = h16 + f17(h16);
        auto h18 = h17 + f18(h17);
        auto h19 = h18 + f19(h18);
        return h19 + f20(h19);
    }
};

int main() {
    auto x = randn<Shape<4, 16>>();
    Net net;
    auto loss = sum(net(x));
    loss.backward();
}
