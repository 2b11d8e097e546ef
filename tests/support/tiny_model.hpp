#pragma once
#include <cstdint>
#include <hashweave/hashweave.hpp>
#include <numeric>
#include <vector>

// The whole ViT2CMH, as small as it can be: two towers of two blocks, a shared trunk of two blocks, 16 bits.
namespace hashweave::test {

using TinyImages = Pixels<3, 8, 8>;
using TinyImageTower = Chain<VitTower<8, 4, 8, 2, 2, 16>, Named<"proj", Linear<8, 12>>>;
using TinyTextTower = Chain<BertTower<30, 16, 8, 2, 2, 16>, Named<"proj", Linear<8, 12>>>;
using TinyTrunk = Chain<Named<"shared", SharedCrossEncoder<12, 2, 4, 24>>, Named<"hash", HashHead<12, 16>>>;
using TinyVit2Cmh = CrossModal<TinyImageTower, TinyTextTower, TinyTrunk>;

template <class B>
using TinyModel = Model<B, TinyVit2Cmh, TinyImages, TokenIds>;

/// Images, captions of unequal lengths and the images' ids: the last two pairs have one owner.
template <class T>
struct TinyBatch {
  std::vector<T> pixels;
  std::vector<std::int32_t> ids, types;
  std::vector<Size> offsets{0};
  std::vector<std::int64_t> owners;

  explicit TinyBatch(Size pairs = 4, std::uint64_t seed = 11) : pixels(static_cast<std::size_t>(pairs) * 3 * 8 * 8) {
    const RandomStream random{seed, 0, 0};
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<T>(random.normal(i));
    for (Size i = 0; i < pairs; ++i) {
      offsets.push_back(offsets.back() + 3 + (5 * i) % 7);
      owners.push_back(i + 1 < pairs ? i : std::max<Size>(i - 1, 0));
    }
    for (Size t = 0; t < offsets.back(); ++t) {
      ids.push_back(static_cast<std::int32_t>(random.bits(static_cast<std::uint64_t>(t) + 100'000) % 30));
      types.push_back(static_cast<std::int32_t>(t % 2));
    }
  }
  template <class B>
  View<B, TinyImages> images() {
    return {pixels.data(), static_cast<Size>(owners.size())};
  }
  template <class B>
  View<B, TokenIds> captions() {
    return {ids.data(), {offsets.data(), static_cast<Size>(owners.size())}, types.data()};
  }
};

}  // namespace hashweave::test
