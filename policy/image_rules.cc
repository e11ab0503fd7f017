#include "berth/policy/image_rules.h"

#include <re2/re2.h>

#include <algorithm>
#include <vector>

namespace berth {

struct ImageRules::Patterns {
  std::vector<std::unique_ptr<const RE2>> compiled;
};

ImageRules::ImageRules(std::span<const std::string> patterns) {
  auto compiled = std::make_unique<Patterns>();
  for (const std::string& pattern : patterns) {
    compiled->compiled.push_back(std::make_unique<const RE2>(pattern, RE2::Quiet));
  }
  patterns_ = std::move(compiled);
}

ImageRules::~ImageRules() = default;
ImageRules::ImageRules(ImageRules&&) noexcept = default;
ImageRules& ImageRules::operator=(ImageRules&&) noexcept = default;

bool ImageRules::Allows(std::string_view image) const {
  return std::ranges::any_of(patterns_->compiled, [&](const std::unique_ptr<const RE2>& pattern) {
    return pattern->ok() && RE2::FullMatch(re2::StringPiece(image.data(), image.size()), *pattern);
  });
}

}  // namespace berth
