// vit2cmh rotate
#include "command_line.hpp"

#include <cstdio>
#include <hashweave/io/file.hpp>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct RotateArguments {
  fs::path checkpoint, out;
  DataOptions data;
  Size iterations = 50;
};

json do_rotate(const RotateArguments& o, const Common& common) {
  Ready ready{o.checkpoint, o.data.computing, common.threads};
  HashModel& model = *ready.stored.model;
  require(!model.transform, o.checkpoint.string(), "codes of the model", "as they were trained", "rotated ones");
  const CaptionDataset set = o.data.open();
  const auto items = items_of(set, split_of(o.data.split), o.data.data);
  Feed feed{model, set, ready.tokenizer, {.threads = common.threads}};
  Progress progress{"encoding images", std::ssize(items), "images"};
  const CodeSet images = encode_images(feed, items, &progress);
  progress.finish();
  const CodeSet captions = encode_captions(feed, items);
  require(captions.rows() > 0, o.data.data.string(), "captions in split " + o.data.split, "at least 1", 0);
  FittedTransform fitted = fit_transform(images.values, captions.values, images.bits, o.iterations);
  model.transform = std::move(fitted.transform);

  if (o.out.has_parent_path()) fs::create_directories(o.out.parent_path());
  json about = ready.stored.about;
  about["rotated"] = {{"split", o.data.split}, {"iterations", o.iterations}};
  write_model(o.out, model, about);
  const fs::path vocabulary = o.out.parent_path() / "vocab.txt";
  std::error_code none;
  if (!fs::exists(vocabulary, none) && fs::exists(ready.stored.vocabulary, none)) {
    const Blob words = map_file(ready.stored.vocabulary);
    write_atomically(vocabulary, [&](FileWriter& out) { out.write(words.bytes); });
  }
  if (!common.to_output())
    std::printf("%s: codes centred and rotated; mean square of h - sign(h), a bit: %.4f, before %.4f\n",
                o.out.string().c_str(), fitted.error_after, fitted.error_before);
  return {{"file", o.out.string()},
          {"images", images.rows()},
          {"captions", captions.rows()},
          {"error_before", fitted.error_before},
          {"error_after", fitted.error_after}};
}

}  // namespace

void add_rotate(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<RotateArguments>();
  CLI::App& c = *app.add_subcommand(
      "rotate", "write a model whose codes are centred and rotated, so that their signs lose less (not in the paper)");
  common.add(c);
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  o->data.split = "train";
  o->data.add(c, true, "folder that the data set's image paths start from");
  o->data.add_split(c);
  c.add_option("--iterations", o->iterations, "of ITQ")->check(CLI::PositiveNumber)->capture_default_str();
  c.add_option("--out", o->out, "model file to write, .safetensors; its vocab.txt goes beside it")->required();
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_rotate(*o, common); }; });
}

}  // namespace vit2cmh
