#pragma once
#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/random.hpp>
#include <vector>

// Codes without training: linear maps fitted to a matrix of features, in double and one thread. They are the weight and
// bias of a `Linear<D, Bits>`; bits are h > 0. Not part of hashweave.hpp: Eigen's decompositions take long to compile.
namespace hashweave {

/// h = x weightᵀ + bias; weight (bits, features).
template <class T>
struct LinearCode {
  Size bits = 0, features = 0;
  std::vector<T> weight, bias;
};

/// What fitting ITQ gives: the map, and the quantisation error |sign(V R) - V R|²/n of the projected features V (n,
/// bits) without rotation and after each iteration, which does not grow.
template <class T>
struct ItqFit {
  LinearCode<T> code;
  double unrotated = 0;
  std::vector<double> errors;
  std::vector<double> rotation;  ///< R (bits, bits), row-major
};

namespace cpu {

using Values = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
Values values_of(In<T> x) {
  Values all(x.rows, x.cols);
  for (Size r = 0; r < x.rows; ++r) {
    for (Size c = 0; c < x.cols; ++c) all(r, c) = static_cast<double>(x(r, c));
  }
  return all;
}
template <class T>
Values centred(In<T> x, Eigen::RowVectorXd& mean) {
  Values all = values_of<T>(x);
  mean = all.colwise().mean();
  all.rowwise() -= mean;
  return all;
}
/// (rows, cols) standard normal numbers.
inline Values normal_values(Size rows, Size cols, std::uint64_t seed, std::string_view name) {
  const RandomStream stream{seed ^ name_hash(name), 0, 0};
  Values all(rows, cols);
  for (Size i = 0; i < all.size(); ++i) all.data()[i] = stream.normal(static_cast<std::uint64_t>(i));
  return all;
}
inline Values signs_of(const Values& v) {
  return v.unaryExpr([](double x) { return x > 0 ? 1.0 : -1.0; });
}
inline double quantisation_error(const Values& v) {
  return (signs_of(v) - v).squaredNorm() / static_cast<double>(v.rows());
}
/// The rotation nearest to m: U Vᵀ of m = U Ω Vᵀ.
inline Values nearest_rotation(const Eigen::MatrixXd& m) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd{m, Eigen::ComputeFullU | Eigen::ComputeFullV};
  return svd.matrixU() * svd.matrixV().transpose();
}
/// In turn B = sign(V R) and the rotation R that brings V nearest to B. Notes the error after each iteration.
inline void rotate_to_signs(const Values& v, Values& rotation, Size iterations, std::vector<double>& errors) {
  Values rotated = v * rotation;
  for (Size i = 0; i < iterations; ++i) {
    rotation = nearest_rotation(signs_of(rotated).transpose() * v).transpose();
    rotated = v * rotation;
    errors.push_back(quantisation_error(rotated));
  }
}
/// The map x -> (x - mean) directions, directions (features, bits).
template <class T>
LinearCode<T> code_of(const Values& directions, const Eigen::RowVectorXd& mean) {
  LinearCode<T> code{directions.cols(), directions.rows(), {}, {}};
  const Eigen::RowVectorXd bias = -(mean * directions);
  for (Size b = 0; b < code.bits; ++b) {
    for (Size d = 0; d < code.features; ++d) code.weight.push_back(static_cast<T>(directions(d, b)));
    code.bias.push_back(static_cast<T>(bias[b]));
  }
  return code;
}

}  // namespace cpu

/// Random hyperplanes through the mean of the features: normal numbers, a function of the seed.
/// @throws Error for no features or no bits.
/// Source: Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002, section 3.
template <class T>
LinearCode<T> fit_lsh(Mat<const T> features, Size bits, std::uint64_t seed = 0) {
  require(features.rows >= 1 && features.cols >= 1, "fit_lsh", "features", "at least one row and column",
          std::to_string(features.rows) + " x " + std::to_string(features.cols));
  require(bits >= 1, "fit_lsh", "bits", "at least 1", bits);
  Eigen::RowVectorXd mean;
  cpu::centred<T>(features, mean);
  return cpu::code_of<T>(cpu::normal_values(features.cols, bits, seed, "lsh"), mean);
}

/// Iterative quantisation: the features' first principal components V, rotated so that their signs lose least. In turn
/// B = sign(V R) and R = Ŝ Sᵀ with Bᵀ V = S Ω Ŝᵀ (orthogonal Procrustes), from a random rotation on.
/// @throws Error for fewer than two rows, more bits than features, or no iteration.
/// Source: Gong, Lazebnik, Gordo, Perronnin, "Iterative quantization", TPAMI 35(12), 2013, section 3; 50 iterations.
template <class T>
ItqFit<T> fit_itq(Mat<const T> features, Size bits, Size iterations = 50, std::uint64_t seed = 0) {
  require(features.rows >= 2, "fit_itq", "rows of features", "at least 2", features.rows);
  require(bits >= 1 && bits <= features.cols, "fit_itq", "bits",
          Phrase{"1 to ", features.cols, " (the features' width)"}, bits);
  require(iterations >= 1, "fit_itq", "iterations", "at least 1", iterations);
  Eigen::RowVectorXd mean;
  const cpu::Values x = cpu::centred<T>(features, mean);
  const Eigen::MatrixXd covariance = x.transpose() * x / static_cast<double>(x.rows());
  // eigenvalues come in ascending order
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{covariance};
  const cpu::Values components = solver.eigenvectors().rightCols(bits).rowwise().reverse();
  const cpu::Values v = x * components;

  ItqFit<T> fit;
  fit.unrotated = cpu::quantisation_error(v);
  cpu::Values rotation = cpu::nearest_rotation(cpu::normal_values(bits, bits, seed, "itq"));
  cpu::rotate_to_signs(v, rotation, iterations, fit.errors);
  fit.rotation.assign(rotation.data(), rotation.data() + rotation.size());
  fit.code = cpu::code_of<T>(components * rotation, mean);
  return fit;
}

/// A rotation of relaxed codes (n, bits) and what their signs then lose; `errors` as in `ItqFit`.
struct RotationFit {
  double unrotated = 0;
  std::vector<double> errors;
  std::vector<double> rotation;  ///< R (bits, bits), row-major: h R are the rotated codes
};

/// ITQ's rotation of codes that are there already, from the identity on, so that the bits stay near what they were
/// trained to be. The codes should be centred.
/// @throws Error for no codes or no iteration.
/// Source: as `fit_itq`; the beginning is ours.
template <class T>
RotationFit fit_rotation(Mat<const T> codes, Size iterations = 50) {
  require(codes.rows >= 1 && codes.cols >= 1, "fit_rotation", "codes", "at least one of one bit",
          std::to_string(codes.rows) + " of " + std::to_string(codes.cols) + " bits");
  require(iterations >= 1, "fit_rotation", "iterations", "at least 1", iterations);
  const cpu::Values v = cpu::values_of<T>(codes);
  RotationFit fit;
  fit.unrotated = cpu::quantisation_error(v);
  cpu::Values rotation = cpu::Values::Identity(codes.cols, codes.cols);
  cpu::rotate_to_signs(v, rotation, iterations, fit.errors);
  fit.rotation.assign(rotation.data(), rotation.data() + rotation.size());
  return fit;
}

}  // namespace hashweave
