// Converts and checks pretrained weights; tools/get_weights.sh calls it.
//   convert_weights dinov2 MODEL.onnx FOLDER   the DINOv2 backbone of an ONNX model, as Hugging Face keeps it
//   convert_weights check NAME FOLDER          whether the checkpoint in FOLDER is what NAME says
// Exit status: 0 it did or fits, 1 it does not fit, 2 wrong arguments, 3 the machine failed (disk full …).
#include <cstdio>
#include <exception>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <hashweave/io/onnx_dinov2.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <string_view>

using namespace hashweave;

namespace {

/// No kernels: only a place where parameters lie.
struct Host {
  using Scalar = float;
  using Memory = HostMemory;
};

template <class Tower>
void check(const std::filesystem::path& folder, const CheckpointFamily& family) {
  require(config_beside(folder).has_value(), folder.string(), "config.json", "one", "none");
  Parameters<Host, Tower> params;
  Tower tower;
  const LoadReport report = load_checkpoint(params, tower, folder, family);
  std::printf("%s: %s, %td parameters in %zu tensors, LayerNorm eps %g\n", folder.c_str(),
              std::string{family.name}.c_str(), params.count(), report.loaded.size(), config_of(tower).layer_norm_eps);
}

template <class Tower>
void check_text(const std::filesystem::path& folder) {
  const Size words = BertTokenizer{folder / "vocab.txt", {}}.vocabulary().size();
  const Size wanted = config_of(Tower{}).vocab_size;
  require(words == wanted, (folder / "vocab.txt").string(), "tokens", wanted, words);
  check<Tower>(folder, hf_bert());
}

int run(std::string_view what, const char* first, const char* second) {
  const std::string_view name{first};
  if (what == "dinov2") {
    write_dinov2(dinov2_of_onnx(open_onnx(first)), second);
  } else if (what == "check" && name == "dinov2-s") {
    check<Dinov2Tower<518, 14, 384, 12, 6, 1536>>(second, hf_dinov2());
  } else if (what == "check" && name == "minilm-l6") {
    check_text<BertTower<30522, 512, 384, 6, 12, 1536>>(second);
  } else if (what == "check" && name == "vit-base-patch16-224-in21k") {
    check<VitTower<224, 16, 768, 12, 12, 3072>>(second, hf_vit());
  } else if (what == "check" && name == "bert-base-uncased") {
    check_text<BertTower<30522, 512, 768, 12, 12, 3072>>(second);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 4) {
      if (const int status = run(argv[1], argv[2], argv[3]); status == 0) return 0;
    }
    std::fprintf(stderr,
                 "usage: convert_weights dinov2 MODEL.onnx FOLDER\n"
                 "       convert_weights check NAME FOLDER\n"
                 "NAME: dinov2-s, minilm-l6, vit-base-patch16-224-in21k, bert-base-uncased\n");
    return 2;
  } catch (const MachineError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
