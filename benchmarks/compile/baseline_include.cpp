// What a program pays for including xnn and using nothing of it.
#include <xnn/xnn.hpp>

int main() {}
