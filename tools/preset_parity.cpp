// Our side of tools/preset_parity.py. From standard input: lines "PRESET SIZE HEIGHT WIDTH", each followed by
// the image's bytes (RGB); to standard output: the model's input, 3 SIZE SIZE floats each.
#include <hashweave/data/preprocess.hpp>
#include <iostream>
#include <string>
#include <vector>

using namespace hashweave;

int main() {
  std::string name;
  Size size = 0, height = 0, width = 0;
  while (std::cin >> name >> size >> height >> width) {
    std::cin.get();
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(height * width * 3));
    std::cin.read(reinterpret_cast<char*>(pixels.data()), std::ssize(pixels));
    Preset preset = name == "clip" ? presets::clip : name == "dinov2" ? presets::dinov2 : presets::vit_hf;
    preset.halving = Halving::down;
    std::vector<float> out(static_cast<std::size_t>(3 * size * size));
    preprocess(ImageView{pixels.data(), height, width, 3 * width}, preset, size, std::span<float>{out});
    std::cout.write(reinterpret_cast<const char*>(out.data()), std::ssize(out) * 4);
  }
}
