#pragma once
#include <algorithm>
#include <array>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <hashweave/data/dataset_token.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// The records of a table: fields between separators, a record a line. A field may stand in double quotes (RFC 4180),
/// with separators, line ends and doubled quotes within; not where `|` separates, as Flickr30k's results.csv does:
/// there quotes are part of the caption.
class TableReader {
 public:
  TableReader(const DatasetFile& file, char separator, const DatasetLimits& limits)
      : file_{file}, text_{file.text()}, separator_{separator}, limits_{limits} {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }
  bool done() const { return text_.empty(); }
  /// The line on which the last record began.
  std::size_t line() const { return line_; }
  std::string where() const { return file_.at_line(line_); }

  /// The next record. Blank ones have one blank field. @throws Error at quotes that are not closed, text behind closing
  /// quotes, and a record that is too long; the next record is then the next line.
  std::vector<std::string> next() {
    line_ = next_line_;
    const std::string_view all = text_;
    const std::size_t line_end = std::min(all.find('\n'), all.size());
    text_.remove_prefix(std::min(line_end + 1, all.size()));
    ++next_line_;
    const std::string_view within = all.substr(0, limits_.line_bytes + 1);
    std::vector<std::string> fields;
    std::size_t at = 0;
    for (bool more = true; more;) {
      const std::size_t end = quoting() && at < within.size() && within[at] == '"'
                                  ? quoted_field(within, at, fields.emplace_back())
                                  : plain_field(within, at, fields.emplace_back());
      require(end <= limits_.line_bytes, where(), "bytes of the record",
              Phrase{"at most ", static_cast<Size>(limits_.line_bytes)}, "more");
      more = end < within.size() && within[end] == separator_;
      at = end + 1;
    }
    if (at - 1 > line_end) {  // line ends within quotes
      next_line_ +=
          static_cast<std::size_t>(std::count(all.begin() + static_cast<Size>(line_end) + 1,
                                              all.begin() + static_cast<Size>(std::min(at, all.size())), '\n'));
      text_ = all.substr(std::min(at, all.size()));
    }
    return fields;
  }

 private:
  bool quoting() const { return separator_ != '|'; }
  /// Both give the end of the field: the place of a separator, of a line end, or of the end.
  std::size_t plain_field(std::string_view text, std::size_t at, std::string& field) const {
    std::size_t end = at;
    while (end < text.size() && text[end] != separator_ && text[end] != '\n') ++end;
    field = text.substr(at, end - at);
    if (field.ends_with('\r')) field.pop_back();
    return end;
  }
  std::size_t quoted_field(std::string_view text, std::size_t at, std::string& field) const {
    for (++at;;) {
      const std::size_t quote = text.find('"', at);
      require(quote != std::string_view::npos, where(), "field in quotes", "closing quotes", "none");
      field += text.substr(at, quote - at);
      at = quote + 1;
      if (at == text.size() || text[at] != '"') break;
      field += '"';
      ++at;
    }
    if (at < text.size() && text[at] == '\r') ++at;
    const bool ends = at == text.size() || text[at] == separator_ || text[at] == '\n';
    require(ends, where(), "field in quotes", "a separator or a line end behind the closing quotes",
            in_quotes(text.substr(std::min(at, text.size()), 20)));
    return at;
  }
  const DatasetFile& file_;
  std::string_view text_;
  char separator_;
  DatasetLimits limits_;
  std::size_t line_ = 0, next_line_ = 1;
};

/// How a table is laid out: what separates, how many columns there are, and which are of use.
struct TableLayout {
  char separator = ',';
  std::size_t columns = 0, image = 0, caption = 0;
  std::optional<std::size_t> split;
};

/// The layout that a first line names, or nothing where it names no column of images or none of captions.
inline std::optional<TableLayout> table_layout(std::string_view header) {
  constexpr std::array<std::string_view, 7> images{"image",    "image_name", "filename", "file_name",
                                                   "filepath", "path",       "img"};
  constexpr std::array<std::string_view, 6> captions{"caption", "captions", "comment", "text", "sentence", "title"};
  if (header.starts_with("\xEF\xBB\xBF")) header.remove_prefix(3);
  header = header.substr(0, std::min(header.find('\n'), header.size()));
  if (header.size() > 4096) return std::nullopt;
  const auto known = [](const auto& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const char separator : {'|', '\t', ';', ','}) {
    TableLayout layout{separator, 0, 0, 0, {}};
    bool has_image = false, has_caption = false;
    for (std::string_view rest = header;; ++layout.columns) {
      const std::size_t end = std::min(rest.find(separator), rest.size());
      std::string name = lower_case(trimmed(rest.substr(0, end)));
      if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
      if (!has_image && known(images, name))
        layout.image = layout.columns, has_image = true;
      else if (!has_caption && known(captions, name))
        layout.caption = layout.columns, has_caption = true;
      else if (name == "split")
        layout.split = layout.columns;
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
    ++layout.columns;
    if (has_image && has_caption) return layout;
  }
  return std::nullopt;
}

/// A table whose first line names its columns, one of images and one of captions among them (`image,caption`,
/// `image_name| comment_number| comment`...), with a column `split` if wanted; a caption a record.
inline void read_table(const DatasetFile& file, const SplitLists& lists, DatasetBuilder& builder) {
  const auto layout = table_layout(file.text());
  require(layout.has_value(), file.where, "first line", "names of columns, with 'image' and 'caption'",
          in_quotes(file.text()));
  ImageFolder images{builder.options(), file, true};
  CaptionGroups groups;
  TableReader table{file, layout->separator, builder.limits()};
  for (bool header = true; !table.done(); header = false)
    builder.attempt([&] {
      std::vector<std::string> fields = table.next();
      if (header || (fields.size() == 1 && trimmed(fields[0]).empty())) return;
      const std::string where = table.where();
      // where nothing is quoted, the last column may hold the separator
      const bool last_takes_rest = layout->separator == '|' && fields.size() > layout->columns;
      for (std::size_t i = layout->columns; last_takes_rest && i < fields.size(); ++i)
        fields[layout->columns - 1] += '|' + fields[i];
      if (last_takes_rest) fields.resize(layout->columns);
      require(fields.size() == layout->columns, where, "fields of the record", layout->columns, fields.size());
      const std::string image{trimmed(fields[layout->image])};
      require_name(image, builder.limits(), where, "name of the image");
      std::optional<Split> split;
      if (layout->split) {
        const std::string_view name = trimmed(fields[*layout->split]);
        split = split_named(name);
        require(split.has_value() || name.empty(), where, "split", "train, val or test", in_quotes(name));
      }
      groups.add(image, caption_text(fields[layout->caption], builder.limits(), where), split, where);
    });
  for (const auto& [image, split] : lists) groups.set_split(image, split);
  groups.finish(builder, images);
}

}  // namespace hashweave::detail
