// vit2cmh: trains, evaluates and uses ViT2CMH. Every command has --help.
#include "commands.hpp"

int main(int argc, char** argv) { return vit2cmh::run(argc, argv); }
