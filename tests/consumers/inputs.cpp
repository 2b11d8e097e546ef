// A user's program that reads files and images: parts io and data of the library.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/preprocess.hpp>
#include <hashweave/io/npz.hpp>
#include <hashweave/io/safetensors.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <string>
#include <vector>

using namespace hashweave;

namespace {

/// Whether libjpeg, libpng or stb_image looked at the file and refused it for what it is.
bool refused(const std::vector<unsigned char>& file) {
  try {
    decode_image(std::as_bytes(std::span{file}));
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    return true;
  }
  return false;
}

}  // namespace

int main() {
  const auto path =
      std::filesystem::temp_directory_path() / ("hashweave_consumer_" + std::to_string(::getpid()) + ".safetensors");
  const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  write_safetensors(path, {{"w", view_of(numbers, {2, 3})}});
  const bool same = open_safetensors(path).values<float>("w") == numbers;
  std::filesystem::remove(path);

  const std::vector<std::uint8_t> grey(12 * 10 * 3, 128);
  std::vector<float> out(3 * 8 * 8);
  preprocess<8>(ImageView{grey.data(), 10, 12, 36}, presets::clip, std::span<float>{out});

  const bool fine = refused({0xFF, 0xD8, 0xFF, 0xD9}) && refused({0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}) &&
                    refused({'G', 'I', 'F', '8'});
  return same && out[0] != 0 && fine ? 0 : 1;
}
