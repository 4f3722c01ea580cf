// A model in shared memory, without the header that knows the system's.
// expect: needs #include <xnn/core/shared_memory.hpp>
#ifdef XNN_CASE_CORRECT
#include "xnn/core/shared_memory.hpp"
#endif
#include "xnn/xnn.hpp"

int main() {
    xnn::nn::Linear<4, 2> model;
    model.share_memory();
}
