// An organization's `allowed_images`: RE2 patterns, of which one must match the whole image text.

#ifndef BERTH_POLICY_IMAGE_RULES_H_
#define BERTH_POLICY_IMAGE_RULES_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace berth {

// Ownership:  owns its compiled patterns
// Threads:    Allows may be called concurrently (RE2 takes a lock of its own)
// Cost:       Allows is linear in the image for each pattern
class ImageRules {
 public:
  // The patterns must be valid (berth/validate/pattern.h); an invalid one matches nothing. No patterns: no image.
  explicit ImageRules(std::span<const std::string> patterns);
  ~ImageRules();
  ImageRules(ImageRules&&) noexcept;
  ImageRules& operator=(ImageRules&&) noexcept;

  [[nodiscard]] bool Allows(std::string_view image) const;

 private:
  struct Patterns;
  std::unique_ptr<const Patterns> patterns_;
};

}  // namespace berth

#endif  // BERTH_POLICY_IMAGE_RULES_H_
