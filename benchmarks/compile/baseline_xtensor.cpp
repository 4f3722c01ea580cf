// What a program pays for the two xtensor headers and the xsimd header that xnn itself needs.
#include <xsimd/xsimd.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xfixed.hpp>

int main() {
    float numbers[6] = {1, 2, 3, 4, 5, 6};
    auto view = xt::adapt(&numbers[0], xt::xshape<2, 3>{});
    return view(1, 2) == 6 ? 0 : 1;
}
