// transhash: TransHash and single-modality rivals (HashNet, DCH, DPSH, DSH, CSQ, GreedyHash, ITQ, LSH) on one tower.
//
//   transhash train --data D --out RUN --bits 64 [--method dch] [--model tiny]
//   transhash eval --checkpoint RUN --data D
//   transhash encode --checkpoint RUN --data D --split rest --out codes.npy
#include "trans_hash_method.hpp"

int main(int argc, char** argv) {
  using namespace transhash;
  return examples::run_program(
      argc, argv,
      {"transhash", "TransHash and its rivals: image hashing with labels", method_settings(),
       [](const Settings& settings, const DataFacts& facts, Size threads) -> std::unique_ptr<Method> {
         return std::make_unique<TransHashMethod>(settings, facts, threads);
       }});
}
