#pragma once
namespace vit2cmh {
/// Reads the command line and does what it says. Exit status: 0 done, 1 input or data are at fault, 2 wrong usage,
/// 3 a fault of the machine.
int run(int argc, char** argv);
}  // namespace vit2cmh
