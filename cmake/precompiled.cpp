// Nothing: precompiled.hpp belongs to some source.
