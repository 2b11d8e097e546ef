#include <app/sample_run.hpp>
#include <catch2/catch.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/text/utf8.hpp>
#include <io/files.hpp>
#include <limits>
#include <string>
#include <vector>
#include <vit2cmh/html.hpp>
#include <vit2cmh/points.hpp>
#include <vit2cmh/report.hpp>

using namespace hashweave;
using namespace hashweave::test;
using namespace vit2cmh;
using Catch::Matchers::Contains;
using hashweave::test::Json;

namespace {

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++times;
  return times;
}
bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

/// The page's elements close in order; its attributes are quoted, and none but those that we write occur.
void check_markup(const std::string& page) {
  static const std::vector<std::string> empty{"meta", "img", "path", "rect", "line", "circle", "use", "br"};
  std::vector<std::string> open;
  CHECK(is_utf8(page));
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    if (page.compare(at, 2, "<!") == 0) continue;
    const bool closes = page[at + 1] == '/';
    const std::size_t begin = at + (closes ? 2 : 1), end = page.find_first_of(" />", begin);
    const std::string name = page.substr(begin, end - begin);
    if (closes) {
      if (open.empty() || open.back() != name) FAIL("</" << name << "> closes nothing at " << at);
      open.pop_back();
      continue;
    }
    // attributes: name='..' or name=".."
    std::size_t k = end;
    bool alone = false;
    while (page[k] != '>') {
      if (page[k] == ' ') {
        ++k;
      } else if (page[k] == '/') {
        alone = true;
        ++k;
      } else {
        const std::size_t equals = page.find_first_of("= >", k);
        const std::string attribute = page.substr(k, equals - k);
        if (attribute.starts_with("on")) FAIL("an event handler at " << k);
        const char quote = page[equals + 1];
        if (page[equals] != '=' || (quote != '\'' && quote != '"')) FAIL("an attribute without quotes at " << k);
        k = page.find(quote, equals + 2) + 1;
      }
    }
    if (!alone && std::find(empty.begin(), empty.end(), name) == empty.end()) open.push_back(name);
  }
  CHECK(open.empty());
}

/// What every page must be: whole, and without anything from elsewhere.
void check_page(const std::string& page) {
  check_markup(page);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(has(page, "Content-Security-Policy\" content=\"default-src 'none'") +
            has(page, "Content-Security-Policy' content=\"default-src 'none'") ==
        1);
  for (const char* never : {"http:", "https:", "//www", "<script", "javascript:", "<link", "@import", "url(", "<iframe",
                            "nan", "NaN", "inf'", "null"})
    if (has(page, never)) FAIL_CHECK("the page holds " << never << " at " << page.find(never));
}

const std::string picture = "data:image/png;base64,iVBORw0KGgo=";

/// A gallery of one query by text.
Json one_query(const std::string& text, const std::string& image) {
  return {{"galleries",
           {{"text_to_image",
             {{{"query", {{"id", 1}, {"text", text}}},
               {"first_right_rank", 1},
               {"hits", {{{"rank", 1}, {"id", 7}, {"distance", 3}, {"right", true}, {"image", image}}}}}}}}}};
}

}  // namespace

TEST_CASE("Text is escaped for content and attributes", "[app]") {
  CHECK(escaped("a & b < c > d \" e ' f") == "a &amp; b &lt; c &gt; d &quot; e &#39; f");
  CHECK(escaped("Zo\u00eb \u4e2d\u6587 \U0001F600\n\t.") == "Zo\u00eb \u4e2d\u6587 \U0001F600\n\t.");
  CHECK(escaped(std::string_view{"a\0b\x1b\x7f", 5}) == "a\uFFFDb\uFFFD\uFFFD");
  CHECK(escaped("\xff\xc3") == "\uFFFD\uFFFD");
  CHECK(escaped("").empty());
}

TEST_CASE("Only PNG and JPEG data URLs are pictures", "[app]") {
  CHECK(is_picture_url(picture));
  CHECK(is_picture_url("data:image/jpeg;base64,/9j/4AAQ"));
  for (const char* url :
       {"", "data:image/png;base64,", "data:image/svg+xml;base64,PHN2Zz4=", "data:text/html;base64,PGI+YTwv",
        "http://a.example/a.png", "javascript:alert(1)", "data:image/png;base64,abc", "data:image/png;base64,ab'd",
        "data:image/png;base64,ab d", "data:image/png;base64,a===", "data:image/png,abcd",
        " data:image/png;base64,abcd", "DATA:image/png;base64,abcd", "data:image/png;base64,ab=d",
        "data:image/png;base64,====", "data:image/png;base64,abcd\" onerror=\"x"})
    CHECK_FALSE(is_picture_url(url));
}

TEST_CASE("Numbers are written to be read", "[app]") {
  CHECK(number_text(1234567.891, 1) == "1,234,567.9");
  CHECK(number_text(999) == "999");
  CHECK(number_text(-1000) == "\u22121,000");
  CHECK(number_text(-0.001, 1) == "0.0");
  CHECK(short_number(0) == "0");
  CHECK(short_number(1e-5) == "1e-5");
  CHECK(short_number(2.5e-4) == "2.5e-4");
  CHECK(short_number(0.0015) == "0.0015");
  CHECK(short_number(12.5) == "12.5");
  CHECK(short_number(2048) == "2,048");
  CHECK(short_number(3e9) == "3e9");
  CHECK(short_number(1e308) == "1e308");
  CHECK(duration_text(4.25) == "4.3 s");
  CHECK(duration_text(59.6) == "1 min");
  CHECK(duration_text(184) == "3 min 4 s");
  CHECK(duration_text(1447.8) == "24 min");
  CHECK(duration_text(18'720) == "5 h 12 min");
  CHECK(counted(1, "image", "images") == "1 image");
  CHECK(counted(1000, "image", "images") == "1,000 images");
}

TEST_CASE("Long curves are made short without losing their ends, peaks and gaps", "[app]") {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<Point> curve;
  for (int i = 0; i < 10'000; ++i) curve.push_back({static_cast<double>(i), i == 5432 ? 99.0 : i % 2});
  const auto few = thinned(curve, 100);
  CHECK(few.size() == 100);
  CHECK(few.front().x == 0);
  CHECK(few.back().x == 9999);
  CHECK(few[3].y == Approx(0.5));
  const auto peaks = extremes(curve, 100);
  CHECK(peaks.size() <= 100);
  CHECK(std::count_if(peaks.begin(), peaks.end(), [](const Point& p) { return p.y == 99; }) == 1);
  CHECK(std::is_sorted(peaks.begin(), peaks.end(), [](const Point& a, const Point& b) { return a.x < b.x; }));
  CHECK(thinned(curve, 20'000).size() == curve.size());
  const auto smooth = smoothed({{0, 1}, {1, none}, {2, 3}, {3, none}}, 2);
  CHECK(smooth[0].y == 1);
  CHECK(smooth[1].y == 2);
  CHECK(smooth[2].y == 3);
  CHECK(std::isnan(smooth[3].y));
  CHECK(std::isnan(extremes({{0, none}, {1, none}, {2, none}}, 2)[0].y));
}

TEST_CASE("A finished run's page has every section", "[app]") {
  const std::string page = report_html(sample_config(), sample_metrics(), sample_results(), {}, sample_experiments());
  check_page(page);
  for (const char* id : {"training", "retrieval", "answers", "codes", "experiments", "configuration"}) {
    CHECK(count(page, "<section id='" + std::string{id} + "'>") == 1);
    CHECK(count(page, "href='#" + std::string{id} + "'") == 1);
  }
  CHECK(count(page, "<figure class='card chart'>") == 10);
  CHECK(count(page, "<figure class='card table'>") == 4 + 2);
  CHECK(count(page, "<article class='card query'>") == 8 + 3);
  CHECK(count(page, "<article class='card query by-picture'>") == 8 + 4);
  CHECK(count(page, "<img ") == 10 * (8 + 3) + 8 + 4);
  CHECK(count(page, "<div class='grid'>") == 4);
  CHECK(count(page, "<details>") == 2);
  CHECK(count(page, "<tr class='ours'>") == 4);
  CHECK(count(page, "<tr") == 2 * (1 + 4) + 2 * (1 + 2) + 2 * (1 + 8));
  CHECK(count(page, "aria-label='right'") + count(page, "aria-label='wrong'") == 10 * (8 + 3 + 8 + 4));
  CHECK(has(page, ">163.2</p>"));
  CHECK(has(page, "finished"));
  CHECK(has(page, "<h1>dinov2-s+minilm, 64 bits</h1>"));
  CHECK(has(page, "flickr8k_1000 \u00b7 test split \u00b7 125 images \u00b7 625 captions"));
  CHECK(has(page, "first right answer at rank 211"));
  CHECK(has(page, "vit2cmh train --data"));
  CHECK(page.size() < 1'500'000);
}

TEST_CASE("The page is the same each time", "[app]") {
  CHECK(report_html(sample_config(), sample_metrics(), sample_results()) ==
        report_html(sample_config(), sample_metrics(), sample_results()));
}

TEST_CASE("A page of nothing is a page", "[app]") {
  const std::string page = report_html(Json::object(), {}, Json::object());
  check_page(page);
  CHECK(has(page, "There is no evaluation yet."));
  CHECK(has(page, "in progress"));
  CHECK(count(page, "<section") == 0);
  CHECK(count(page, "<nav") == 0);
  CHECK(count(page, "<figure") == 0);
  for (const Json& other : {Json{}, Json::array(), Json(3), Json("x")}) check_page(report_html(other, {other}, other));
}

TEST_CASE("A run in progress shows its best evaluation so far", "[app]") {
  auto metrics = sample_metrics(60, 6);
  const std::string page = report_html(sample_config(), metrics, Json::object());
  check_page(page);
  CHECK(has(page, "in progress"));
  CHECK(has(page, "val split, best evaluation so far"));
  CHECK(count(page, "<section") == 3);
  CHECK(count(page, "<figure class='card chart'>") == 4);
}

TEST_CASE("Each part of the results can be missing alone", "[app]") {
  const Json all = sample_results();
  for (const auto& [key, value] : all.items()) {
    CAPTURE(key);
    Json some = all, only = Json::object();
    some.erase(key);
    only[key] = value;
    check_page(report_html(sample_config(), {}, some));
    check_page(report_html(Json::object(), {}, only));
  }
}

TEST_CASE("Experiments are a table each, with curves over code lengths and sizes of galleries", "[app]") {
  const auto page_of = [](std::vector<Experiment> experiments) {
    const std::string page = report_html(Json::object(), {}, Json::object(), {}, experiments);
    check_page(page);
    return page;
  };
  auto all = sample_experiments();
  std::string page = page_of(all);
  CHECK(count(page, "<figure class='card chart'>") == 2);
  CHECK(has(page, "<td>163.2 <small>\u00b1 4.1</small></td>"));
  CHECK(count(page, ">eta 0.1</li>") == 1);  // in the legend
  all[0].settings.resize(1);                 // one length is no curve
  all[1].settings = {all[1].settings.back()};
  all[1].settings[0].figures["runs"] = 1;
  page = page_of(all);
  CHECK(count(page, "<figure class='card chart'>") == 0);
  CHECK(count(page, "<tr>") == 2 * (1 + 1));
  CHECK(count(page, "\u00b1") == 3);  // one run has no spread
  all[0].settings[0].figures["map"]["image_to_text"]["map_all"] = {{"mean", 0.5123}, {"spread", 0.01}};
  CHECK(has(page_of(all), "<td>0.512 <small>\u00b1 0.010</small></td><td>\u2013</td>"));
  for (const Json& other : {Json{}, Json("text"), Json::array(), Json(3)}) {
    all[0].settings[0].figures = other;
    check_page(report_html(Json::object(), {}, Json::object(), {}, all));
  }
  CHECK(count(page_of({{"nothing", {}}}), "<section") == 0);
}

TEST_CASE("Values of another kind than expected are left out", "[app]") {
  const std::vector<Json> others{Json{},
                                 Json(true),
                                 Json("text"),
                                 Json(-1e300),
                                 Json::array(),
                                 Json::array({Json{}}),
                                 Json::array({Json::array({"x"}), 3, Json::object()}),
                                 Json::object({{"a", 1}})};
  Json all = sample_results(SampleItems{{picture, picture}, {"a", "b"}});
  all["correlation"] = {{1, 0.5}, {0.5, 1}};
  const Json flat = all.flatten();
  std::size_t at = 0;
  for (const auto& [path, value] : flat.items()) {
    if (at++ % 41 != 0) continue;  // some of the thousands
    CAPTURE(path);
    for (const Json& other : others) {
      Json changed = all;
      changed[Json::json_pointer(path)] = other;
      CHECK_NOTHROW(report_html(Json::object(), {}, changed));
    }
  }
  for (const auto& [key, value] : all.items())
    for (const Json& other : others) {
      CAPTURE(key, other);
      Json changed = all;
      changed[key] = other;
      check_markup(report_html(Json{{"model", other}, {"bits", other}, {"command", other}}, {other}, changed));
    }
}

TEST_CASE("Hostile captions, names and pictures stay text", "[app]") {
  const std::string attack = "</style></p><script>alert('1')</script><img src=x onerror=\"alert(2)\">' onload='x";
  for (const std::string& image :
       {attack, std::string{"data:image/svg+xml;base64,PHN2Zz4="}, picture + "' onerror='x"}) {
    const std::string page = report_html(Json::object(), {}, one_query(attack, image));
    check_page(page);
    CHECK(count(page, "<img") == 0);
    CHECK(count(page, "no picture") == 1);
    CHECK(has(page, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
  }
  CHECK(count(report_html(Json::object(), {}, one_query("a", picture)), "<img") == 1);

  Json results = sample_results(SampleItems{{picture, attack}, {attack, attack}});
  results["baselines"][0]["name"] = attack;
  results["eval"]["split"] = attack;
  results["eval"]["map"]["image_to_text"][attack] = 0.5;
  auto experiments = sample_experiments();
  experiments[0].name = attack;
  for (auto& setting : experiments[1].settings) setting.label = attack;
  auto metrics = sample_metrics(20, 2);
  metrics[0][attack] = attack;
  Json config = sample_config();
  for (const char* key : {"model", "data", "command", "version"}) config[key] = attack;
  config[attack] = attack;
  check_page(report_html(config, metrics, results, {attack}, experiments));
}

TEST_CASE("Strings that are no UTF-8 do not break the page", "[app]") {
  Json config{{"model", "a\xff\xfe"}, {"odd", Json::array({"\xc3"})}};
  check_page(report_html(config, {}, one_query("\xf0\x9f", picture)));
}

TEST_CASE("Measurements that are no numbers are gaps", "[app]") {
  auto metrics = sample_metrics(40, 2);
  for (std::size_t i = 0; i < metrics.size(); i += 3)
    for (const char* key : {"loss", "grad_norm", "lr", "seconds", "pairs_per_second"})
      if (metrics[i].contains(key)) metrics[i][key] = nullptr;
  metrics[4]["loss"] = std::numeric_limits<double>::quiet_NaN();
  metrics[5]["grad_norm"] = std::numeric_limits<double>::infinity();
  metrics[7]["lr"] = "1e-4";
  const std::string page = report_html(Json::object(), metrics, Json::object());
  check_page(page);
  CHECK(count(page, "<figure class='card chart'>") == 4);
  for (Json& m : metrics) m["loss"] = m["triplet"] = m["angular"] = nullptr;
  CHECK(count(report_html(Json::object(), metrics, Json::object()), "<figure class='card chart'>") == 3);
}

TEST_CASE("Curves of one point, of equal values and of extreme ones can be drawn", "[app]") {
  const auto page_of = [](std::vector<double> values) {
    std::vector<Json> metrics;
    for (std::size_t i = 0; i < values.size(); ++i)
      metrics.push_back({{"step", i + 1}, {"loss", values[i]}, {"grad_norm", values[i]}, {"lr", values[i]}});
    return report_html(Json::object(), metrics, Json::object());
  };
  for (const std::vector<double>& values : {std::vector<double>{1},
                                            {0},
                                            {-3},
                                            {2, 2, 2},
                                            {0, 0},
                                            {-1, 1},
                                            {1e-300, 1e-299},
                                            {1e300, -1e300},
                                            {1e-9, 1e9},
                                            {5e-324, 1e29},
                                            {5e-324, 0},
                                            {1e15, 1e15 + 1}}) {
    CAPTURE(values);
    const std::string page = page_of(values);
    check_page(page);
    CHECK(count(page, "<figure class='card chart'>") == (std::abs(values.back()) < 1e30 ? 3 : 0));
    CHECK(page.size() < 100'000);
  }
}

TEST_CASE("Of a step that comes twice the last counts", "[app]") {
  const auto step = [](int n, double loss) { return Json{{"step", n}, {"loss", loss}}; };
  CHECK(report_html({}, {step(1, 1), step(2, 9), step(3, 9), step(2, 2), step(3, 3)}, {}) ==
        report_html({}, {step(1, 1), step(2, 2), step(3, 3)}, {}));
}

TEST_CASE("Long codes make no long page", "[app]") {
  constexpr int bits = 2048;
  Draw draw{3};
  Json results{{"bits_on", Json::array()}, {"correlation", Json::array()}};
  for (int i = 0; i < bits; ++i) results["bits_on"].push_back(draw());
  for (int i = 0; i < 300; ++i) {
    Json line = Json::array();
    for (int j = 0; j < 300; ++j) line.push_back(i == j ? 1 : 0.4 * draw() - 0.2);
    results["correlation"].push_back(line);
  }
  for (const char* kind : {"matching", "other"})
    for (int i = 0; i <= bits; ++i) results["histogram"][kind].push_back(i);
  const std::string page = report_html(Json::object(), {}, results);
  check_page(page);
  CHECK(page.size() < 400'000);
  CHECK(count(page, "<figure class='card chart'>") == 3);
}

TEST_CASE("A report is written from a run's files", "[app]") {
  const TemporaryFolder folder;
  const auto run = folder / "run", out = folder / "report.html";
  std::filesystem::create_directories(run);
  CHECK_THROWS_WITH(write_report(run, out), Contains("config.json: opening it for reading: expected success"));
  CHECK_FALSE(std::filesystem::exists(out));

  put(run / "config.json", sample_config().dump());
  write_report(run, out);
  CHECK(content_of(out) == report_html(sample_config(), {}, Json::object()));

  const auto metrics = sample_metrics(30, 3);
  std::string lines;
  for (const Json& m : metrics) lines += m.dump() + "\n";
  put(run / "metrics.jsonl", lines);
  put(run / "results.json", sample_results().dump());
  write_report(run, out);
  const std::string page = content_of(out);
  CHECK(page == report_html(sample_config(), metrics, sample_results()));
  check_page(page);
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 2);

  const auto lengths = folder / "code_lengths.json";
  put(lengths, R"({"bits 64": {"runs": 1, "bits": 64}, "bits 128": {"runs": 1, "bits": 128}, "bits 16": {"runs": 2}})");
  write_report(run, out, {lengths});
  const std::string with_lengths = content_of(out);
  CHECK(has(with_lengths, "<h3>Code lengths</h3>"));
  CHECK(with_lengths.find(">bits 64<") < with_lengths.find(">bits 128<"));  // the file's order
  CHECK(with_lengths.find(">bits 128<") < with_lengths.find(">bits 16<"));
  put(lengths, R"({"bits": 64, "binary": {"rsum": 3.0}})");  // an evaluation
  CHECK_THROWS_WITH(write_report(run, out, {lengths}),
                    Contains("code_lengths.json: figures of \"bits\": expected what vit2cmh mean writes"));
  CHECK(content_of(out) == with_lengths);
  std::filesystem::remove(lengths);

  write_report(run, out);
  put(run / "metrics.jsonl", lines + "\n" + metrics[0].dump().substr(0, 20));  // cut
  write_report(run, out);
  CHECK(content_of(out) == page);

  put(run / "metrics.jsonl", "{\"step\": 1,\n" + lines + "[]\n\xff");
  write_report(run, out);
  CHECK(has(content_of(out), "2 lines of metrics.jsonl could not be read and are left out."));

  put(run / "results.json", "[1]");
  CHECK_THROWS_WITH(write_report(run, out), Contains("results.json: JSON: expected an object, got array"));
  put(run / "results.json", "{\"eval\":");
  CHECK_THROWS_AS(write_report(run, out), Error);
  CHECK(has(content_of(out), "2 lines"));  // the last page stands
}
