// So few bits that some heads would have none: still one message.
// expect: DualStream: Bits must be a multiple of 2 Groups, and each local head needs at least four bits
#include <hashweave/hashweave.hpp>
using namespace hashweave;
static_assert(fits<DualStream<TransformerBlock<16, 2, 32>, 16, 1>, Tokens<16>>());
