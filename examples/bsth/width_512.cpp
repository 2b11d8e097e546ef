#include "method_of.hpp"

template std::unique_ptr<examples::Method> examples::make_bsth_of<512>(Size, const BsthOptions&, const DataFacts&,
                                                                       Size);
