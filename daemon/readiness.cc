#include "berth/daemon/readiness.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "berth/daemon/timestamp.h"
#include "berth/spec/issue.h"
#include "berth/spec/writer.h"

namespace berth {
namespace {

void WriteIssues(JsonWriter& json, std::span<const Issue> issues) {
  json.Key("issues").BeginArray();
  for (const Issue& issue : issues.first(std::min(issues.size(), kMaxListed))) {
    json.BeginObject().Key("code").String(InfoOf(issue.code).id);
    json.Key("source").String(PlaceText(issue.file, issue.position)).Key("message").String(issue.message).EndObject();
  }
  json.EndArray();
}

void WriteObjects(JsonWriter& json, std::string_view key, const std::vector<StaleObject>& objects) {
  json.Key(key).BeginObject().Key("total").Uint(objects.size()).Key("listed").BeginArray();
  for (size_t i = 0; i < std::min(objects.size(), kMaxListed); ++i) {
    json.BeginObject().Key("object").String(objects[i].key);
    WriteIssues(json, objects[i].issues);
    json.EndObject();
  }
  json.EndArray().EndObject();
}

void WriteBindings(JsonWriter& json, const std::vector<InvalidBinding>& bindings) {
  json.Key("invalid_bindings").BeginObject().Key("total").Uint(bindings.size()).Key("listed").BeginArray();
  for (size_t i = 0; i < std::min(bindings.size(), kMaxListed); ++i) {
    json.BeginObject().Key("runner_id").String(bindings[i].runner_id);
    json.Key("organization_id").String(bindings[i].organization_id);
    json.Key("profile_name").String(bindings[i].profile_name);
    WriteIssues(json, bindings[i].issues);
    json.EndObject();
  }
  json.EndArray().EndObject();
}

}  // namespace

std::string ReadinessJson(const FeedStatus& status, size_t objects, bool draining) {
  std::string text;
  JsonWriter json(text, JsonLayout::kIndented);
  json.BeginObject().Key("schema").String("berth.readiness/v1");
  json.Key("ready").Bool(status.ready && !draining).Key("draining").Bool(draining);
  json.Key("catalog_revision").Uint(status.served_revision).Key("source_revision").Uint(status.source_revision);
  json.Key("objects").Uint(objects).Key("applied_at");
  if (status.applied_at) {
    json.String(Timestamp(*status.applied_at));
  } else {
    json.Null();
  }
  WriteObjects(json, "stale_objects", status.stale);
  WriteObjects(json, "refused_objects", status.refused);
  WriteBindings(json, status.invalid_bindings);
  const std::vector<StaleFile>& files = status.source.stale;
  json.Key("stale_files").BeginObject().Key("total").Uint(files.size()).Key("listed").BeginArray();
  for (size_t i = 0; i < std::min(files.size(), kMaxListed); ++i) {
    json.BeginObject().Key("file").String(files[i].file).Key("kept_objects").Uint(files[i].kept);
    WriteIssues(json, files[i].issues);
    json.EndObject();
  }
  json.EndArray().EndObject();
  json.Key("problems").BeginArray();
  for (size_t i = 0; i < std::min(status.source.problems.size(), kMaxListed); ++i) {
    json.String(status.source.problems[i]);
  }
  json.EndArray().Key("last_error");
  if (status.last_error.empty()) {
    json.Null();
  } else {
    json.String(status.last_error);
  }
  json.EndObject();
  return text + "\n";
}

}  // namespace berth
