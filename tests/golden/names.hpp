#pragma once
#include <string>
#include <string_view>
#include <vector>

// What the library's parameters are called in the files of the cases: torch.nn's modules here, the public checkpoints
// by the library's own tables.
namespace hashweave::golden {

/// The parameters `library` or `library.…` are the checkpoint's `checkpoint` or `checkpoint.…`. `{i}` stands for the
/// same number on both sides. Several names are put together along their rows, in this order.
struct Rename {
  std::string library;
  std::vector<std::string> checkpoint;
};

struct Family {
  std::vector<Rename> renames;
  std::vector<std::string> unused{};  ///< what a checkpoint holds beside the tower's parameters
};

/// The names of a torch.nn module with `weight` and `bias` are the library's.
extern const Family torch_module;
/// torch.nn.MultiheadAttention -> SelfAttention
extern const Family torch_attention;
/// torch.nn.TransformerEncoderLayer -> TransformerBlock, PostNormBlock
extern const Family torch_encoder_layer;
/// timm's VisionTransformer -> VitTower
extern const Family timm_vit;
/// Hugging Face's ViTModel -> VitTower
extern const Family hf_vit;
/// Hugging Face's Dinov2Model -> Dinov2Tower. The mask token serves its pretraining only.
extern const Family hf_dinov2;
/// Hugging Face's BertModel -> BertTower
extern const Family hf_bert;
/// Hugging Face's CLIPVisionModelWithProjection -> ClipImageTower
extern const Family hf_clip_vision;
/// Hugging Face's CLIPTextModelWithProjection -> ClipTextTower
extern const Family hf_clip_text;

/// The family's names under a place of a larger model, and under a prefix of its checkpoint.
Family placed(const std::string& library, const std::string& checkpoint, Family family);
Family joined(const std::vector<Family>& families);

/// The names in the checkpoint of one of the library's parameters; none where the family has no line for it.
std::vector<std::string> checkpoint_names(const Family& family, std::string_view parameter);

}  // namespace hashweave::golden
