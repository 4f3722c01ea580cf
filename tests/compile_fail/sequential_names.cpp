// Two layers of one name.
// expect: Sequential: two layers of one name
#include "xnn/xnn.hpp"

using namespace xnn;

#ifdef XNN_CASE_CORRECT
using Model = nn::Sequential<nn::Named<"fc", nn::Linear<2, 2>>, nn::Named<"out", nn::Linear<2, 2>>>;
#else
using Model = nn::Sequential<nn::Named<"fc", nn::Linear<2, 2>>, nn::Named<"fc", nn::Linear<2, 2>>>;
#endif

int main() { Model model; }
