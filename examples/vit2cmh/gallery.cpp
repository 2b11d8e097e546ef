#include "gallery.hpp"

#include "html.hpp"

namespace vit2cmh {
namespace {

constexpr std::size_t most_hits = 10, shown_at_once = 6;

std::string sign(bool right) {
  const std::string name = right ? "right" : "wrong";
  return "<svg class='sign' viewBox='0 0 16 16' role='img' aria-label='" + name + "'><use href='#" + name + "'/></svg>";
}

std::string picture(const Json& object, const std::string& alt) {
  const std::string url = text_field(object, "image");
  if (!is_picture_url(url)) return "<span class='picture none'>no picture</span>";
  return "<img class='picture' decoding='async' alt='" + escaped(alt) + "' src='" + url + "'>";
}

std::string distance_text(const Json& hit) {
  const auto distance = number_field(hit, "distance");
  return distance ? short_number(*distance) : "";
}

/// Where the first right answer stands, in words.
std::string rank_text(const Json& query) {
  auto rank = number_field(query, "first_right_rank");
  if (!rank)
    for (const Json& hit : array_field(query, "hits"))
      if (!rank && bool_field(hit, "right").value_or(false)) rank = number_field(hit, "rank");
  if (!rank) return "no right answer among these";
  return *rank == 1 ? "first answer is right" : "first right answer at rank " + number_text(*rank);
}

std::string text_query(const Json& query) {
  std::string hits;
  std::size_t count = 0;
  for (const Json& hit : array_field(query, "hits")) {
    if (++count > most_hits) break;
    const bool right = bool_field(hit, "right").value_or(false);
    const std::string rank = text_field(hit, "rank");
    hits += std::string{"<figure"} + (right ? " class='right'" : "") + ">" +
            picture(hit, "answer " + rank + ", " + (right ? "right" : "wrong")) + "<figcaption>" + sign(right) +
            distance_text(hit) + "</figcaption></figure>";
  }
  return "<article class='card query'><header><p dir='auto'>" +
         escaped(text_field(object_field(query, "query"), "text")) + "</p><span class='rank'>" + rank_text(query) +
         "</span></header><div class='hits'>" + hits + "</div></article>\n";
}

std::string picture_query(const Json& query) {
  std::string hits;
  std::size_t count = 0;
  for (const Json& hit : array_field(query, "hits")) {
    if (++count > most_hits) break;
    const bool right = bool_field(hit, "right").value_or(false);
    hits += std::string{"<li"} + (right ? " class='right'" : "") + ">" + sign(right) + "<span dir='auto'>" +
            escaped(text_field(hit, "text")) + "</span><b>" + distance_text(hit) + "</b></li>";
  }
  return "<article class='card query by-picture'><div>" + picture(object_field(query, "query"), "the query") +
         "<p class='rank'>" + rank_text(query) + "</p></div><ol class='answers'>" + hits + "</ol></article>\n";
}

std::string gallery(const Json& queries, const std::string& title, bool by_text) {
  std::string first, rest;
  std::size_t count = 0;
  for (const Json& query : queries) {
    if (!query.is_object()) continue;
    (++count <= shown_at_once ? first : rest) += by_text ? text_query(query) : picture_query(query);
  }
  if (count == 0) return {};
  const std::string open = std::string{"<div class='queries"} + (by_text ? "" : " pair") + "'>\n";
  std::string out = "<h3>" + title + "</h3>" + open + first + "</div>\n";
  if (!rest.empty())
    out += "<details><summary>" + std::to_string(count - shown_at_once) + " more</summary>" + open + rest +
           "</div></details>\n";
  return out;
}

}  // namespace

std::string galleries_html(const Json& galleries) {
  return gallery(array_field(galleries, "text_to_image"), "Text finds images", true) +
         gallery(array_field(galleries, "image_to_text"), "Images find text", false) +
         gallery(array_field(galleries, "worst_text_to_image"), "Worst failures, text finds images", true) +
         gallery(array_field(galleries, "worst_image_to_text"), "Worst failures, images find text", false);
}

std::string gallery_symbols() {
  return "<svg class='symbols' aria-hidden='true'><symbol id='right' viewBox='0 0 16 16'><path d='M2.5 8.8 6.2 12.5 "
         "13.5 "
         "4'/></symbol><symbol id='wrong' viewBox='0 0 16 16'><path d='M3.5 3.5 12.5 12.5M12.5 3.5 3.5 "
         "12.5'/></symbol></svg>\n";
}

}  // namespace vit2cmh
