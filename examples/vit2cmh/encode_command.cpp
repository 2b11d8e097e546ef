// vit2cmh encode
#include "command_line.hpp"
#include "named_codes.hpp"

#include <algorithm>
#include <cstdio>
#include <hashweave/data/sampler.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <hashweave/io/npy.hpp>
#include <sstream>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// The image files of a folder, by name, or of a list of paths (relative to the list).
std::vector<fs::path> image_files(const fs::path& place) {
  std::vector<fs::path> files;
  if (fs::is_directory(place)) {
    for (const auto& entry : fs::recursive_directory_iterator{place}) {
      const std::string ending = hashweave::detail::lower_case(entry.path().extension().string());
      if (entry.is_regular_file() && (ending == ".jpg" || ending == ".jpeg" || ending == ".png"))
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    for (const std::string& line : lines_of(place))
      if (!line.empty()) files.push_back(fs::path{line}.is_absolute() ? fs::path{line} : place.parent_path() / line);
  }
  require(!files.empty(), place.string(), "images", "at least one JPEG or PNG file", "none");
  return files;
}

struct EncodeOptions {
  fs::path checkpoint, text_file, out;
  DataOptions data;
  std::string modality, shard = "0/1";
  bool continuous = false;
};

json do_encode(const EncodeOptions& o, const Common& common) {
  const bool files_alone = o.data.data.empty() && !o.data.images.empty();  // with --data, where its paths start
  const int sources = (o.data.data.empty() ? 0 : 1) + (files_alone ? 1 : 0) + (o.text_file.empty() ? 0 : 1);
  if (sources != 1) throw CLI::ValidationError("encode", "give one of --data, --images and --texts");
  if (!o.data.data.empty() && o.modality.empty())
    throw CLI::ValidationError("encode", "--data needs --modality image or text");
  Rank shard;
  {
    std::istringstream in{o.shard};
    char slash = 0;
    in >> shard.number >> slash >> shard.of;
    require(!in.fail() && slash == '/' && shard.of >= 1 && shard.number >= 0 && shard.number < shard.of, "--shard",
            "part", "i/N with i from 0 to N-1", o.shard);
  }
  const auto part_of = [&](auto all) {
    const Size n = std::ssize(all);
    return decltype(all)(all.begin() + rank_cut(n, shard.number, shard.of),
                         all.begin() + rank_cut(n, shard.number + 1, shard.of));
  };
  Ready ready{o.checkpoint, o.data.computing, common.threads};
  const CaptionDataset set = o.data.data.empty() ? CaptionDataset{} : o.data.open();
  Feed feed{*ready.stored.model, set, ready.tokenizer, {.threads = common.threads}};
  CodeSet codes;
  std::string ids;
  if (files_alone) {
    const auto files = part_of(image_files(o.data.images));
    Progress progress{"encoding", std::ssize(files), "images"};
    codes = encode_files(feed, files, &progress);
    for (const fs::path& file : files) ids += file.string() + "\n";
  } else if (!o.text_file.empty()) {
    const auto all = lines_of(o.text_file);
    const auto lines = part_of(all);
    Progress progress{"encoding", std::ssize(lines), "texts"};
    codes = encode_texts(feed, lines, &progress);
    const Size first = rank_cut(std::ssize(all), shard.number, shard.of);
    for (Size i = 0; i < std::ssize(lines); ++i) ids += std::to_string(first + i) + "\n";
  } else {
    const auto items = part_of(items_of(set, split_of(o.data.split), o.data.data));
    Progress progress{"encoding", std::ssize(items), "items"};
    codes = o.modality == "image" ? encode_images(feed, items, &progress) : encode_captions(feed, items);
    for (const std::int64_t owner : codes.owners) ids += std::to_string(owner) + "\n";
  }
  if (o.continuous)
    write_npy(o.out, view_of(codes.values, {codes.rows(), codes.bits}));
  else
    write_npy(o.out, view_of(packed_bytes(codes.values, codes.bits), {codes.rows(), codes.bits / 8}));
  write_atomically(ids_file_of(o.out), [&](FileWriter& out) { out.write(ids); });
  if (!common.to_output())
    std::printf("%td codes of %td bits in %s, their ids in %s.ids.txt\n", codes.rows(), codes.bits,
                o.out.string().c_str(), o.out.string().c_str());
  return {{"codes", codes.rows()}, {"bits", codes.bits}, {"file", o.out.string()}, {"continuous", o.continuous}};
}

}  // namespace

void add_encode(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<EncodeOptions>();
  CLI::App& c = *app.add_subcommand("encode", "write codes as a numpy array, and their ids beside it");
  common.add(c);
  c.add_option("--checkpoint", o->checkpoint, "run folder or model file")->required();
  o->data.add(c, false,
              "images to encode: a folder, or a file with a path a line; with --data: the folder that its image paths "
              "start from");
  o->data.add_split(c);
  c.add_option("--texts", o->text_file, "file with a text a line");
  c.add_option("--modality", o->modality, "of a data set: image or text")->check(CLI::IsMember({"image", "text"}));
  c.add_option("--out", o->out, "file to write, .npy")->required();
  c.add_flag("--continuous", o->continuous, "relaxed codes, float32 (n, bits), instead of bits");
  c.add_option("--shard", o->shard, "i/N: part i of N, from 0")->capture_default_str();
  c.callback([&todo, &common, o] { todo = [&common, o] { return do_encode(*o, common); }; });
}

}  // namespace vit2cmh
