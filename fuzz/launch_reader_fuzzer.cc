// Property: what the short way to a launch request accepts, the long one reads alike and without an issue.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "berth/spec/launch_reader.h"
#include "fuzz/property.h"
#include "tests/same_launch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static berth::LaunchReader& reader = *new berth::LaunchReader;  // reused, as on the hot path
  static berth::LaunchRequest& request = *new berth::LaunchRequest;
  const std::string_view text = berth::TextOf(data, size);
  if (!reader.Read(text, request)) return 0;
  const berth::LaunchRequest other =
      berth::ParseLaunchRequest(std::make_shared<berth::SourceText>("request.json", std::string(text)));
  berth::Require(other.issues.empty(), "what is read the short way has no issues", text);
  const std::string difference = berth::LaunchDifference(request, other);
  berth::Require(difference.empty(), "both ways read the same: " + difference, text);
  return 0;
}
