#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace hashweave {

/// Code lengths that a program is compiled for.
template <Size... Bits>
struct BitsList {};

/// The lengths that are usual.
using CommonBits = BitsList<16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096>;

namespace detail {
template <std::size_t... I>
BitsList<static_cast<Size>(16 + 8 * I)...> all_bits(std::index_sequence<I...>);

template <class F, Size First, Size... Others>
decltype(auto) with_bits(Size bits, F& f, BitsList<First, Others...>, const std::string& all) {
  if (bits == First) return f(std::integral_constant<Size, First>{});
  if constexpr (sizeof...(Others) > 0)
    return with_bits(bits, f, BitsList<Others...>{}, all);
  else
    fail("with_bits", "bits of the codes", "one of " + all, bits);
}

template <Size... Bits>
std::string to_text(BitsList<Bits...>) {
  std::string text;
  for (const Size bits : {Bits...}) text += (text.empty() ? "" : ", ") + std::to_string(bits);
  return text;
}

}  // namespace detail

/// Every length there is: 16, 24 … 4096. What is called for each is compiled 511 times.
using AllBits = decltype(detail::all_bits(std::make_index_sequence<511>{}));

/// f(std::integral_constant<Size, Bits>{}) for the code length that is known at run time only: the border between
/// files or options and the static types. f must give one type for all lengths.
///
///     with_bits(bits_of_index(path), [&](auto bits) { auto index = load_index<bits()>(path); … });
///
/// Throws `Error` where `bits` is not in the list.
template <class List = CommonBits, class F>
decltype(auto) with_bits(Size bits, F&& f) {
  return detail::with_bits(bits, f, List{}, detail::to_text(List{}));
}

}  // namespace hashweave
