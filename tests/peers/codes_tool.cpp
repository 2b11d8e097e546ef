// What the checks against other software call.
//   codes_tool convert FROM TO          FROM of any format; TO by its ending: .npy, .faiss, .map (IBMp), .copy, .jsonl
//   codes_tool search CODES QUERIES K   the answers of HammingIndex, a line each: query, id, distance
//   codes_tool sql CODES QUERIES K      the statements of postgres_copy.hpp: the table, COPY, a search for every query
//   codes_tool run FILE                 a command a line, as above; `search` and `sql` take one more word, their output
#include <cstdio>
#include <fstream>
#include <hashweave/index/code.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/io/read_codes.hpp>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace hashweave;

namespace {

void convert(const std::string& from, const std::string& to) {
  const CodeTable table = read_codes(from);
  if (to.ends_with(".npy"))
    write_codes_npy(to, table);
  else if (to.ends_with(".faiss"))
    write_faiss_binary(to, table);
  else if (to.ends_with(".map"))
    write_faiss_binary(to, table, FaissKind::id_map);
  else if (to.ends_with(".copy"))
    write_postgres_copy(to, table);
  else if (to.ends_with(".jsonl"))
    write_code_lines(to, table);
  else
    fail(to, "ending", ".npy, .faiss, .map, .copy or .jsonl", "another");
}

template <Size Bits>
void search_in(const CodeTable& table, const CodeTable& queries, Size k, std::ostream& out) {
  const HammingIndex<Bits> index{codes_from_bytes<Bits>(table.bytes), table.ids};
  const auto answers = index.search(codes_from_bytes<Bits>(queries.bytes), k);
  for (std::size_t q = 0; q < answers.size(); ++q)
    for (const Hit& hit : answers[q]) out << q << ' ' << hit.id << ' ' << hit.distance << '\n';
}

/// Calls the search for the length that the codes have, one of these.
template <Size... Bits>
void search(const CodeTable& table, const CodeTable& queries, Size k, std::ostream& out) {
  require(queries.bits == table.bits, "queries", "bits", table.bits, queries.bits);
  const bool known = ((table.bits == Bits && (search_in<Bits>(table, queries, k, out), true)) || ...);
  require(known, "codes", "bits", "one of the lengths that codes_tool was compiled for", table.bits);
}

void sql(const CodeTable& table, const CodeTable& queries, Size k, std::ostream& out) {
  out << postgres_create(table.bits) << postgres_copy();
  for (Size i = 0; i < queries.rows(); ++i)
    out << postgres_search({}, "B'" + bit_string(queries.row(i)) + "'", std::to_string(k));
}

void command(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "convert" && words.size() == 3) {
    convert(words[1], words[2]);
  } else if ((verb == "search" || verb == "sql") && (words.size() == 4 || words.size() == 5)) {
    const CodeTable table = read_codes(words[1]), queries = read_codes(words[2]);
    std::ofstream file;
    if (words.size() == 5) file.open(words[4]);
    std::ostream& out = words.size() == 5 ? file : std::cout;
    const Size k = std::stol(words[3]);
    if (verb == "sql")
      sql(table, queries, k, out);
    else
      search<16, 24, 64, 72, 256, 512>(table, queries, k, out);
  } else {
    throw Error{"usage: codes_tool convert FROM TO | search CODES QUERIES K | sql CODES QUERIES K | run FILE"};
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "run") {
      std::ifstream in{words[1]};
      for (std::string line; std::getline(in, line);) {
        std::istringstream split{line};
        std::vector<std::string> parts;
        for (std::string part; split >> part;) parts.push_back(part);
        command(parts);
      }
    } else {
      command(words);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
