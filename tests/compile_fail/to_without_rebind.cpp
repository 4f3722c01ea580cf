// A model whose template arguments cannot be guessed, on another device.
// expect: does not say what it is with another dtype or device
// expect: template <class U, class D> using rebind
#include "xnn/xnn.hpp"

using namespace xnn;

template <class T, class Device, bool Wide>
struct Net : nn::Module<Net<T, Device, Wide>> {
    nn::Linear<3, Wide ? 8 : 2, true, T, Device> fc;
#ifdef XNN_CASE_CORRECT
    template <class U, class D>
    using rebind = Net<nn::kept_t<U, T>, nn::kept_t<D, Device>, Wide>;
#endif
    auto forward(auto x) const { return fc(x); }
};

int main() {
    Net<float, Cpu, true> model;
    to<double>(model);
}
