#pragma once

namespace hashweave {

/// How triplets of an anchor, a positive (it shares a label with the anchor) and a negative (it shares none) are made
/// and weighted.
struct TripletRule {
  double margin = 0.4;
  bool semi_hard = true;  ///< the nearest negative that is farther than the positive but within the margin, if any
  bool graded = true;     ///< weighted by how many labels anchor and positive share
};

}  // namespace hashweave
