#include "bench/launch_peers.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/util/json_util.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "launch_spec.pb.h"

namespace berth::bench {
namespace {

using Json = nlohmann::json;

// The launch's own layer.
Json LayerOf(const Json& launch) {
  Json layer = Json::object();
  if (const auto image = launch.find("container_image"); image != launch.end()) layer["container_image"] = *image;
  const auto copy = [&](const char* side, const char* name, const char* field) {
    const auto amounts = launch.find(side);
    if (amounts == launch.end()) return;
    if (const auto amount = amounts->find(name); amount != amounts->end()) layer["resource_defaults"][field] = *amount;
  };
  copy("resource_limits", "cpu", "cpuLimit");
  copy("resource_limits", "memory", "memoryLimit");
  copy("resource_requests", "cpu", "cpuRequest");
  copy("resource_requests", "memory", "memoryRequest");
  return layer;
}

}  // namespace

std::string PremergedSpec(SpecTexts layers) {
  Json merged = Json::object();
  for (const std::string& layer : layers) merged.merge_patch(Json::parse(layer));
  return merged.dump();
}

// --- nlohmann ---

struct NlohmannPeer::Layers {
  std::vector<Json> specs;
};

NlohmannPeer::NlohmannPeer(SpecTexts layers) {
  auto parsed = std::make_unique<Layers>();
  for (const std::string& layer : layers) parsed->specs.push_back(Json::parse(layer));
  layers_ = std::move(parsed);
}
NlohmannPeer::~NlohmannPeer() = default;

std::string NlohmannPeer::Resolve(std::string_view launch) const {
  const Json layer = LayerOf(Json::parse(launch));
  Json merged = layers_->specs.front();
  for (size_t i = 1; i < layers_->specs.size(); ++i) merged.merge_patch(layers_->specs[i]);
  merged.merge_patch(layer);
  return merged.dump();
}

// --- RapidJSON ---

namespace {

using Pool = rapidjson::MemoryPoolAllocator<>;
using PoolDocument = rapidjson::GenericDocument<rapidjson::UTF8<>, Pool, Pool>;

// RFC 7396. Moves out of `patch`.
void MergePatch(rapidjson::Value& target, rapidjson::Value& patch, Pool& pool) {
  if (!target.IsObject()) target.SetObject();
  for (auto& member : patch.GetObject()) {
    const auto found = target.FindMember(member.name);
    if (member.value.IsNull()) {
      if (found != target.MemberEnd()) target.EraseMember(found);
    } else if (member.value.IsObject()) {
      if (found != target.MemberEnd()) {
        MergePatch(found->value, member.value, pool);
      } else {
        rapidjson::Value added(rapidjson::kObjectType);
        MergePatch(added, member.value, pool);
        target.AddMember(member.name, added, pool);
      }
    } else if (found != target.MemberEnd()) {
      found->value = member.value;
    } else {
      target.AddMember(member.name, member.value, pool);
    }
  }
}

rapidjson::Value LayerOf(PoolDocument& launch, Pool& pool) {
  rapidjson::Value layer(rapidjson::kObjectType);
  if (const auto image = launch.FindMember("container_image"); image != launch.MemberEnd()) {
    layer.AddMember("container_image", image->value, pool);
  }
  rapidjson::Value resources(rapidjson::kObjectType);
  const auto copy = [&](const char* side, const char* name, rapidjson::Value::StringRefType field) {
    const auto amounts = launch.FindMember(side);
    if (amounts == launch.MemberEnd()) return;
    const auto amount = amounts->value.FindMember(name);
    if (amount != amounts->value.MemberEnd()) resources.AddMember(field, amount->value, pool);
  };
  copy("resource_limits", "cpu", "cpuLimit");
  copy("resource_limits", "memory", "memoryLimit");
  copy("resource_requests", "cpu", "cpuRequest");
  copy("resource_requests", "memory", "memoryRequest");
  if (resources.MemberCount() > 0) layer.AddMember("resource_defaults", resources, pool);
  return layer;
}

}  // namespace

struct RapidJsonPeer::State {
  PoolDocument premerged;
  std::array<char, 64 << 10> values;
  std::array<char, 64 << 10> stack;
  rapidjson::StringBuffer out;
};

RapidJsonPeer::RapidJsonPeer(const std::string& premerged) : state_(std::make_unique<State>()) {
  state_->premerged.Parse(premerged.c_str());
}
RapidJsonPeer::~RapidJsonPeer() = default;

std::string_view RapidJsonPeer::Resolve(std::string_view launch) {
  Pool values(state_->values.data(), state_->values.size());
  Pool stack(state_->stack.data(), state_->stack.size());
  PoolDocument document(&values, 1024, &stack);
  document.Parse<rapidjson::kParseValidateEncodingFlag>(launch.data(), launch.size());
  rapidjson::Value layer = LayerOf(document, values);
  rapidjson::Value merged(state_->premerged, values);
  MergePatch(merged, layer, values);
  state_->out.Clear();
  rapidjson::Writer<rapidjson::StringBuffer> writer(state_->out);
  merged.Accept(writer);
  return {state_->out.GetString(), state_->out.GetSize()};
}

// --- protobuf ---

struct ProtobufPeer::State {
  Spec premerged;
  Spec layer;
  std::array<char, 64 << 10> block;
  std::string out;

  Spec* Merge(google::protobuf::Arena& arena) {
    auto* const merged = google::protobuf::Arena::CreateMessage<Spec>(&arena);
    merged->MergeFrom(premerged);
    merged->MergeFrom(layer);
    return merged;
  }
  google::protobuf::ArenaOptions Options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }
};

ProtobufPeer::ProtobufPeer(const std::string& premerged, std::string_view launch) : state_(std::make_unique<State>()) {
  using google::protobuf::util::JsonStringToMessage;
  const bool read = JsonStringToMessage(premerged, &state_->premerged).ok() &&
                    JsonStringToMessage(berth::bench::LayerOf(Json::parse(launch)).dump(), &state_->layer).ok();
  if (!read) state_->premerged.Clear();
}
ProtobufPeer::~ProtobufPeer() = default;

std::string_view ProtobufPeer::Resolve() {
  google::protobuf::Arena arena(state_->Options());
  const Spec* const merged = state_->Merge(arena);
  const size_t size = merged->ByteSizeLong();
  if (state_->out.size() < size) state_->out.resize(size);
  merged->SerializeToArray(state_->out.data(), static_cast<int>(size));
  return {state_->out.data(), size};
}

std::string ProtobufPeer::ResolvedJson() {
  google::protobuf::Arena arena(state_->Options());
  std::string json;
  return google::protobuf::util::MessageToJsonString(*state_->Merge(arena), &json).ok() ? json : std::string();
}

}  // namespace berth::bench
