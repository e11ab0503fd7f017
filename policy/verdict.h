// The verdict on a launch and the product's code for it.

#ifndef BERTH_POLICY_VERDICT_H_
#define BERTH_POLICY_VERDICT_H_

#include <cstdint>
#include <string_view>

namespace berth {

enum class Verdict : uint8_t { kAdmitted, kRejected, kInvalid };

constexpr std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAdmitted:
      return "ADMITTED";
    case Verdict::kRejected:
      return "REJECTED";
    case Verdict::kInvalid:
      break;
  }
  return "INVALID";
}

// Empty for an admission. A rejection is a PROFILE_MISMATCH if and only if the caller named a profile.
constexpr std::string_view VerdictCode(Verdict verdict, bool names_profile) {
  switch (verdict) {
    case Verdict::kAdmitted:
      return "";
    case Verdict::kRejected:
      return names_profile ? "CWSANDBOX_PROFILE_MISMATCH" : "CWSANDBOX_NO_SUITABLE_RUNNER";
    case Verdict::kInvalid:
      break;
  }
  return "CWSANDBOX_INVALID_REQUEST";
}

}  // namespace berth

#endif  // BERTH_POLICY_VERDICT_H_
