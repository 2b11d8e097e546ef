// Guards run.sh: a sound program must compile.
#include <hashweave/version.hpp>
static_assert(hashweave::version[0] == '0');
int main() {}
