// What a launch may do with a field of the spec, and whether its organization lets it.
//
// Zone, profile and binding may set every field. What a launch may is in the field table's launch column; what an
// organization opens is judged by the rule that judges `overrides` (berth/validate/override_path.h).
//
// Threads:  pure functions
// Tested by: tests/engine_explanation_test.cc

#ifndef BERTH_ENGINE_LAUNCH_ACCESS_H_
#define BERTH_ENGINE_LAUNCH_ACCESS_H_

#include <span>
#include <string>
#include <string_view>

#include "berth/engine/spec_path.h"
#include "berth/spec/field.h"

namespace berth {

struct LaunchMay {
  LaunchAccess access = LaunchAccess::kNever;  // kNotSpec: the fields below the path differ
  bool reserved = false;                       // managed by the platform: no layer's value counts
  // kSets, kChooses: the request's own, in backticks. kNever: those that choose what the field is a part of.
  std::string_view request_fields;
  std::string opened_as;  // kOpenable: the path that `launch_overrides` lists, or would
  bool opened = false;    // kOpenable: the organization opens it
  bool partly = false;    // kOpenable: it opens something below, but not the whole
};

// `opened` are the paths that the organization opens; see CompiledOrganization.
LaunchMay WhatLaunchMay(const SpecPath& path, std::span<const std::string_view> opened);

}  // namespace berth

#endif  // BERTH_ENGINE_LAUNCH_ACCESS_H_
