// Property: any bytes, read as YAML and as JSON, become a document or one issue; every value and every issue points
// into the text; what became a document can be decoded as objects and as a launch request; no list of issues is longer
// than the limits allow.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/launch.h"
#include "berth/spec/limits.h"
#include "berth/spec/objects.h"
#include "fuzz/document_checks.h"
#include "fuzz/property.h"

namespace berth {
namespace {

void DecodeEverything(const Document& document) {
  const SourceText& source = document.source();
  const ByteRange all = {0, source.bytes().size()};
  std::vector<Issue> issues;
  const std::vector<Object> objects = DecodeObjects(document, issues);
  size_t count = issues.size();
  RequireIssuesInside(issues, source, all);
  for (const Object& object : objects) {
    RequireIssuesInside(object.issues, source, all);
    count += object.issues.size();
  }
  // A last one counts the others.
  Require(count <= kMaxIssues + 1, "a file's decoding reports a bounded number of issues", std::to_string(count));
  for (size_t i = 0; i < document.root_count(); ++i) {
    const LaunchRequest launch = DecodeLaunchRequest(document.root(i));
    RequireIssuesInside(launch.issues, source, all);
    Require(launch.issues.size() <= kMaxIssues + 1, "a request's decoding reports a bounded number of issues");
  }
}

// Berth's JSON is RFC 8259 and no more. Numbers beyond a double are outside the comparison: nlohmann refuses them.
void CompareGrammar(std::string_view text, const ParsedDocument& parsed) {
  if (parsed.document == nullptr || text.find_first_of("eE") != std::string_view::npos || text.size() > 300) return;
  Require(nlohmann::json::accept(text), "what is read as JSON is JSON", text);
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = berth::TextOf(data, size);
  const auto json_source = std::make_shared<const berth::SourceText>("input.json", std::string(text));
  const berth::ParsedDocument json = berth::ParseJson(json_source);
  berth::RequireSound(json, *json_source);
  berth::CompareGrammar(text, json);
  if (json.document != nullptr) berth::DecodeEverything(*json.document);

  const auto yaml_source = std::make_shared<const berth::SourceText>("input.yaml", std::string(text));
  const berth::ParsedDocument yaml = berth::ParseYaml(yaml_source);
  berth::RequireSound(yaml, *yaml_source);
  if (yaml.document != nullptr) berth::DecodeEverything(*yaml.document);
  return 0;
}
