// Only compiled: what the whole library costs whoever includes it and uses nothing.
#include <hashweave/hashweave.hpp>
