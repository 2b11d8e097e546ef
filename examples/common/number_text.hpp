#pragma once
#include <string>
#include <string_view>

/// Numbers as people read them.
namespace examples {

/// A number with that many decimals and commas between thousands: 1,234.5.
std::string number_text(double value, int decimals = 0);
/// A number with four significant digits at most, very small ones as 1e-5.
std::string short_number(double value);
/// 42 s, 23 min 4 s, 5 h 12 min.
std::string duration_text(double seconds);
/// `one` or `many` behind the number: 1 image, 1,000 images.
std::string counted(double count, std::string_view one, std::string_view many);

}  // namespace examples
