#include "berth/cli/launch_words.h"

#include "berth/cli/terminal.h"
#include "berth/spec/quoted.h"

namespace berth::cli {

std::string LaunchNote(const LaunchMay& may) {
  if (may.reserved) return "managed by the platform";
  switch (may.access) {
    case LaunchAccess::kSets:
      return std::string("can be set: ").append(may.request_fields);
    case LaunchAccess::kChooses:
      return std::string("can be chosen: ").append(may.request_fields);
    case LaunchAccess::kOpenable:
      return may.opened   ? "can be set: `overrides`"
             : may.partly ? "can be set in part: `overrides`"
                          : "closed to launches, can be opened";
    case LaunchAccess::kNever:
      return "closed to launches";
    case LaunchAccess::kNotSpec:
      break;
  }
  return "depends on the field";
}

std::string WhoMaySet(std::string_view path, const LaunchMay& may, std::string_view organization) {
  std::string text = Quoted(path);
  if (may.reserved) return text.append(" can be set by nobody: the platform manages it");
  text.append(path == "/runtime_class" ? " can be set by zone, runner, profile and binding"
                                       : " can be set by zone, profile and binding");
  switch (may.access) {
    case LaunchAccess::kSets:
      return text.append("; by a launch with ").append(may.request_fields);
    case LaunchAccess::kChooses:
      return text.append("; a launch only chooses by name, with ").append(may.request_fields);
    case LaunchAccess::kOpenable:
      text.append(may.opened   ? "; by a launch with `overrides`, since organization "
                  : may.partly ? "; by a launch in part with `overrides`, as a whole only if organization "
                               : "; by a launch only if organization ");
      return text.append(Quoted(organization)).append(" opens ").append(Quoted(may.opened_as));
    case LaunchAccess::kNever:
      text.append("; never by a launch");
      if (!may.request_fields.empty()) text.append(", which only chooses by name, with ").append(may.request_fields);
      return text;
    case LaunchAccess::kNotSpec:
      break;
  }
  return text.append("; what a launch may set differs among the fields in it");
}

}  // namespace berth::cli
