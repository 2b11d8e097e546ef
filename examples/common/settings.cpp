#include "settings.hpp"

#include <algorithm>
#include <hashweave/core/error.hpp>

namespace examples {
using nlohmann::json;

namespace {

bool same_kind(const json& a, const json& b) {
  return a.type() == b.type() || (a.is_number_integer() && b.is_number_integer()) ||
         (a.is_number_float() && b.is_number());
}

template <class T>
CLI::Option* bind(CLI::App& command, Setting& setting) {
  const auto set = [&setting](const T& value) { setting.value = value; };
  return command.add_option_function<T>("--" + setting.name, set, setting.help)
      ->default_str(setting.value.is_string() ? setting.value.get<std::string>() : setting.value.dump())
      ->run_callback_for_default(false);
}

}  // namespace

void Settings::set(Setting setting) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const Setting& s) { return s.name == setting.name; });
  if (found == all_.end())
    all_.push_back(std::move(setting));
  else
    *found = std::move(setting);
}

void Settings::add_to(CLI::App& command) {
  for (Setting& s : all_) {
    if (s.value.is_boolean())
      command.add_flag_callback(
          "--" + s.name, [&s] { s.value = true; }, s.help);
    else if (s.value.is_number_integer())
      bind<Size>(command, s);
    else if (s.value.is_number())
      bind<double>(command, s);
    else if (auto* option = bind<std::string>(command, s); !s.one_of.empty())
      option->check(CLI::IsMember(s.one_of));
  }
}

const Setting& Settings::find(const std::string& name) const {
  for (const Setting& s : all_)
    if (s.name == name) return s;
  fail("settings", "option", "one that the program has", name);
}
double Settings::number(const std::string& name) const { return find(name).value.get<double>(); }
Size Settings::whole(const std::string& name) const { return find(name).value.get<Size>(); }
std::string Settings::text(const std::string& name) const { return find(name).value.get<std::string>(); }
bool Settings::flag(const std::string& name) const { return find(name).value.get<bool>(); }

json Settings::as_json() const {
  json out = json::object();
  for (const Setting& s : all_) out[s.name] = s.value;
  return out;
}

void Settings::take(const json& stored, const std::string& where) {
  for (Setting& s : all_) {
    require(stored.is_object() && stored.contains(s.name), where, "setting " + s.name, "a value", "none");
    const json& value = stored[s.name];
    require(same_kind(s.value, value), where, "setting " + s.name, "a value such as " + s.value.dump(), value.dump());
    s.value = value;
  }
}

}  // namespace examples
