#include "berth/spec/objects.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "berth/spec/decode.h"
#include "berth/spec/field.h"
#include "berth/spec/field_path.h"
#include "berth/spec/limits.h"
#include "berth/spec/node_reader.h"
#include "berth/spec/quoted.h"
#include "berth/spec/suggest.h"

namespace berth {
namespace {

constexpr std::array<std::string_view, 6> kInstallNames = {"READY",  "PENDING",  "PROVISIONING",
                                                           "FAILED", "DELETING", "UNSPECIFIED"};
constexpr std::array<std::string_view, 3> kConnectionNames = {"CONNECTED", "DISCONNECTED", "UNSPECIFIED"};

template <typename Enum, size_t kSize>
Enum EnumOf(std::string_view text, const std::array<std::string_view, kSize>& names, Enum absent) {
  const auto found = std::ranges::find(names, text);
  return found == names.end() ? absent : static_cast<Enum>(found - names.begin());
}

// Absent is the default one. What cannot be read is nobody's: a broken document must not speak for another tenant.
std::string OrganizationOf(const NodeReader& reader) {
  if (reader.IsInvalid("organization_id")) return {};
  std::string id = reader.Text("organization_id");
  return id.empty() ? std::string(kDefaultOrganization) : id;
}

Located<int64_t> LocatedInteger(const NodeReader& reader, std::string_view name) {
  return {reader.Integer(name).value_or(0), reader.PositionOf(name)};
}

Located<std::vector<std::string>> LocatedTexts(const NodeReader& reader, std::string_view name) {
  return {reader.Texts(name), reader.PositionOf(name)};
}

Issue ObjectIssue(const Object& object, IssueCode code, Position at, std::string message) {
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = object.file;
  issue.position = at;
  issue.path = object.path;
  return issue;
}

Zone ReadZone(Object& object) {
  const NodeReader reader(object.node.get());
  Zone zone;
  zone.zone = reader.Text("zone");
  zone.defaults = reader.Tree("defaults");
  const NodeRef memory = reader.Tree("gpu_memory_gb");
  if (memory == nullptr) return zone;
  for (const Member& member : memory->members) {
    const auto gib = NodeReader(memory.get()).Integer(member.key);
    if (!gib.has_value()) continue;
    if (!zone.gpu_memory_gb.emplace(absl::AsciiStrToLower(std::string(member.key)), *gib).second) {
      object.refused = true;
      object.issues.push_back(ObjectIssue(object, IssueCode::kDuplicateKey, member.position,
                                          "GPU type `" + member.key + "` is given twice; case does not count"));
    }
  }
  return zone;
}

Profile ReadProfile(const NodeReader& reader) {
  Profile profile;
  profile.id = reader.Text("id");
  profile.organization_id = OrganizationOf(reader);
  profile.display_name = reader.Text("display_name");
  profile.description = reader.Text("description");
  profile.spec = reader.Tree("spec");
  return profile;
}

Binding ReadBinding(const Node& node) {
  const NodeReader reader(&node);
  Binding binding;
  binding.profile_template_id = reader.Text("profile_template_id");
  binding.profile_name = reader.Text("profile_name");
  binding.is_default = reader.Bool("is_default");
  binding.position = node.position;
  const NodeRef* overrides = node.Find("overrides_json");
  if (overrides == nullptr) return binding;
  if ((*overrides)->is_map()) {
    binding.overrides = *overrides;
    binding.overrides_valid = !(*overrides)->refused;
  } else {
    binding.overrides_valid = (*overrides)->is_null();
  }
  return binding;
}

Capabilities ReadCapabilities(const NodeReader& reader) {
  Capabilities capabilities;
  capabilities.max_cpu_millicores = LocatedInteger(reader, "max_cpu_millicores");
  capabilities.max_memory_bytes = LocatedInteger(reader, "max_memory_bytes");
  capabilities.max_gpu_count = LocatedInteger(reader, "max_gpu_count");
  capabilities.gpu_types = LocatedTexts(reader, "supported_gpu_types");
  capabilities.architectures = LocatedTexts(reader, "supported_architectures");
  capabilities.supports_privileged = {reader.Bool("supports_privileged"), reader.PositionOf("supports_privileged")};
  capabilities.storage_classes = LocatedTexts(reader, "available_storage_classes");
  return capabilities;
}

NodeRef RuntimeClassLayer(const NodeReader& overrides, std::string_view name) {
  NodeRef value = overrides.Tree(name);
  return value == nullptr ? nullptr : WithMember(nullptr, "runtime_class", std::move(value), Layer::kRunner);
}

Runner ReadRunner(const NodeReader& reader) {
  Runner runner;
  runner.runner_id = reader.Text("runner_id");
  runner.organization_id = OrganizationOf(reader);
  runner.display_name = reader.Text("display_name");
  runner.has_identity = reader.Has("identity");
  const NodeReader identity = reader.Record("identity");
  runner.zone = identity.Text("zone");
  runner.cluster_id = identity.Text("cluster_id");
  runner.cluster_name = identity.Text("cluster_name");
  runner.group = identity.Text("runner_group_id");
  runner.is_shared = reader.Bool("is_shared");
  runner.install_status = {EnumOf(reader.Text("install_status"), kInstallNames, InstallStatus::kReady),
                           reader.PositionOf("install_status")};
  runner.connection_status = {EnumOf(reader.Text("connection_status"), kConnectionNames, ConnectionStatus::kConnected),
                              reader.PositionOf("connection_status")};
  runner.capabilities = ReadCapabilities(reader.Record("capabilities"));
  const NodeReader resources = reader.Record("resources");
  runner.available = {resources.Integer("available_cpu_millicores"), resources.Integer("available_memory_bytes"),
                      resources.Integer("available_gpu_count"), resources.Integer("running_sandboxes"),
                      reader.PositionOf("resources")};
  const NodeReader managed = reader.Record("managed_spec");
  runner.enforce_resource_limits = {managed.Bool("enforce_resource_limits"),
                                    managed.PositionOf("enforce_resource_limits")};
  runner.allow_privileged_profile_annotations = managed.Bool("allow_privileged_profile_annotations");
  runner.cpu_runtime_class = RuntimeClassLayer(managed.Record("overrides"), "cpu_runtime_class");
  runner.gpu_runtime_class = RuntimeClassLayer(managed.Record("overrides"), "gpu_runtime_class");
  const std::span<const NodeRef> bindings = reader.Records("profile_bindings");
  runner.bindings.reserve(bindings.size());
  for (const NodeRef& binding : bindings) runner.bindings.push_back(ReadBinding(*binding));
  return runner;
}

std::optional<Located<Quantity>> LocatedQuantity(const NodeReader& reader, std::string_view name) {
  const std::optional<Quantity> quantity = reader.QuantityOf(name);
  if (!quantity.has_value()) return std::nullopt;
  return Located<Quantity>{*quantity, reader.PositionOf(name)};
}

Organization ReadOrganization(const NodeReader& reader) {
  Organization organization;
  organization.organization_id = OrganizationOf(reader);
  const NodeReader quota = reader.Record("quota");
  organization.quota_cpu = LocatedQuantity(quota, "cpu");
  organization.quota_memory = LocatedQuantity(quota, "memory");
  if (const auto gpu = quota.Integer("gpu"); gpu.has_value()) {
    organization.quota_gpu = Located<int64_t>{*gpu, quota.PositionOf("gpu")};
  }
  if (reader.Text("limits_are") == "default") organization.limits_are = LimitsAre::kDefault;
  if (reader.Text("unnamed_requests") == "default_binding_only") {
    organization.unnamed_requests = UnnamedRequests::kDefaultBindingOnly;
  }
  const std::string strategy = reader.Text("strategy");
  organization.strategy = strategy == "pack"    ? Strategy::kPack
                          : strategy == "first" ? Strategy::kFirst
                                                : Strategy::kSpread;
  if (reader.Has("allowed_images")) organization.allowed_images = LocatedTexts(reader, "allowed_images");
  for (const NodeRef& path : reader.Records("launch_overrides")) {
    if (path->kind == NodeKind::kString) organization.launch_overrides.push_back({path->text, path->position});
  }
  return organization;
}

// Index of the first of `names` among a mapping's keys; the mapping's size when none is there.
size_t KeyIndex(Value value, std::initializer_list<std::string_view> names) {
  for (size_t i = 0; i < value.size(); ++i) {
    if (std::ranges::find(names, value.key(i).text()) != names.end()) return i;
  }
  return value.size();
}

bool HasKey(Value value, std::initializer_list<std::string_view> names) {
  return KeyIndex(value, names) < value.size();
}

struct Shape {
  Record record = Record::kNone;
  ObjectForm form = ObjectForm::kWhole;
};

Shape ShapeOf(Value value) {
  if (const size_t kind = KeyIndex(value, {"kind"}); kind < value.size()) {
    const std::string_view name = value[kind].text();
    if (name == "Zone") return {Record::kZone};
    if (name == "Profile" || name == "ProfileTemplate") return {Record::kProfile};
    if (name == "Runner") return {Record::kRunner};
    if (name == "Organization") return {Record::kOrganization};
    return {};
  }
  if (HasKey(value, {"identity"})) return {Record::kRunner};
  if (HasKey(value, {"profile_bindings", "profileBindings", "managed_spec", "managedSpec"})) {
    return {Record::kRunner, ObjectForm::kFragment};
  }
  if (HasKey(value, {"spec"})) {
    return {Record::kProfile,
            HasKey(value, {"display_name", "displayName"}) ? ObjectForm::kWhole : ObjectForm::kFragment};
  }
  if (HasKey(value, {"defaults"}) && HasKey(value, {"zone"})) return {Record::kZone};
  if (HasKey(value, {"organization_id", "organizationId", "quota"})) return {Record::kOrganization};
  return {};
}

// `{"profileTemplate": ...}` or `{"runnerId": ..., "runner": ...}` around an object.
struct Wrapper {
  Value value;
  std::string path;
  size_t object;  // index of the member that holds the object
};

std::string Below(std::string path, std::string_view key) {
  AppendPointer(key, path);
  return path;
}

std::string IdentityOf(const Object& object) {
  if (const auto* zone = std::get_if<Zone>(&object.value)) return zone->zone;
  if (const auto* profile = std::get_if<Profile>(&object.value)) {
    return profile->organization_id + "/" + profile->display_name;
  }
  if (const auto* runner = std::get_if<Runner>(&object.value)) {
    return runner->organization_id + "/" + runner->runner_id;
  }
  return std::get<Organization>(object.value).organization_id;
}

class ObjectDecoder {
 public:
  ObjectDecoder(const Document& document, const std::function<void(Object&)>& finish, std::vector<Object>& objects,
                std::vector<Issue>& issues)
      : document_(document), finish_(finish), objects_(objects), issues_(issues) {}

  void DecodeRoot(Value value) {
    if (value.kind() != ValueKind::kSequence) return DecodeOne(value, {});
    for (size_t i = 0; i < value.size(); ++i) DecodeOne(value[i], "/" + std::to_string(i));
  }

 private:
  void DecodeOne(Value value, std::string path);
  void Decode(Value value, Shape shape, std::string path, std::optional<Wrapper> wrapper);
  void ReadWrapper(const Wrapper& wrapper, Object& object);
  std::string KeyOf(const Object& object);
  void Refuse(Value value, std::string_view path, IssueCode code, std::string message, std::string suggestion = {});
  void LeaveOut(Value value);

  const Document& document_;
  const std::function<void(Object&)>& finish_;
  std::vector<Object>& objects_;
  std::vector<Issue>& issues_;
  absl::flat_hash_map<std::string, size_t> seen_keys_;
  size_t issue_count_ = 0;  // of all objects so far, and of values that are none
  bool left_out_ = false;
};

void ObjectDecoder::Refuse(Value value, std::string_view path, IssueCode code, std::string message,
                           std::string suggestion) {
  if (++issue_count_ > kMaxIssues) return LeaveOut(value);
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.file = document_.source().name();
  issue.position = value.position();
  issue.path = path;
  issue.suggestion = std::move(suggestion);
  issues_.push_back(std::move(issue));
}

// Says once for the file that there is more.
void ObjectDecoder::LeaveOut(Value value) {
  if (left_out_) return;
  left_out_ = true;
  Issue& last = issues_.emplace_back();
  last.code = IssueCode::kLimitExceeded;
  last.message = "more issues of this file are left out: mend the first " + std::to_string(kMaxIssues);
  last.file = document_.source().name();
  last.position = value.position();
}

void ObjectDecoder::DecodeOne(Value value, std::string path) {
  if (value.kind() == ValueKind::kInvalid) return;
  if (value.kind() != ValueKind::kMapping) {
    return Refuse(value, path, IssueCode::kUnknownKind, "expected an object: a zone, profile, runner or organization");
  }
  if (const size_t i = KeyIndex(value, {"profileTemplate", "profile_template"}); i < value.size()) {
    const std::string inner = Below(path, value.key(i).text());
    return Decode(value[i], {Record::kProfile}, inner, Wrapper{value, path, i});
  }
  if (const size_t i = KeyIndex(value, {"runner"}); i < value.size()) {
    const bool whole = value[i].kind() == ValueKind::kMapping && HasKey(value[i], {"identity"});
    const std::string inner = Below(path, value.key(i).text());
    return Decode(value[i], {Record::kRunner, whole ? ObjectForm::kWhole : ObjectForm::kFragment}, inner,
                  Wrapper{value, path, i});
  }
  const Shape shape = ShapeOf(value);
  if (shape.record != Record::kNone) return Decode(value, shape, std::move(path), std::nullopt);
  if (const size_t kind = KeyIndex(value, {"kind"}); kind < value.size()) {
    constexpr std::string_view kKinds[] = {"Zone", "Profile", "Runner", "Organization"};
    const std::string_view nearest = NearestName(value[kind].text(), kKinds);
    return Refuse(value[kind], path + "/kind", IssueCode::kUnknownKind,
                  "expected kind `Zone`, `Profile`, `Runner` or `Organization`, found " + Quoted(value[kind].text()),
                  nearest.empty() ? std::string() : "did you mean " + Quoted(nearest) + "?");
  }
  Refuse(value, path, IssueCode::kUnknownKind,
         "no known kind of object: write `kind: Zone`, `Profile`, `Runner` or `Organization`");
}

// What stands beside the object in its wrapper: a runner's id, and the mask of an update, which means nothing here.
void ObjectDecoder::ReadWrapper(const Wrapper& wrapper, Object& object) {
  const auto refuse = [&](Value at, std::string_view key, IssueCode code, std::string message) {
    Issue& issue = object.issues.emplace_back(ObjectIssue(object, code, at.position(), std::move(message)));
    issue.path = Below(wrapper.path, key);
    object.refused = true;
  };
  const bool is_runner = object.node != nullptr && wrapper.value.key(wrapper.object).text() == "runner";
  for (size_t i = 0; i < wrapper.value.size(); ++i) {
    const Value key = wrapper.value.key(i);
    const Value value = wrapper.value[i];
    const std::string_view name = key.text();
    if (i == wrapper.object || name == "updateMask" || name == "update_mask") continue;
    if (!is_runner || (name != "runnerId" && name != "runner_id")) {
      refuse(key, name, IssueCode::kUnknownField, "unknown field " + Quoted(name) + " beside the object");
    } else if ((value.kind() != ValueKind::kString && value.kind() != ValueKind::kPlain) || value.text().empty()) {
      refuse(value, name, IssueCode::kWrongType, "expected the runner's id as text");
    } else if (const Node* inner = At(object.node.get(), {"runner_id"});
               inner != nullptr && inner->text != value.text()) {
      refuse(value, name, IssueCode::kDuplicateKey, "the runner has another `runner_id` inside");
    } else if (object.node->is_map()) {
      object.node =
          WithMember(object.node, "runner_id",
                     MakeScalar(NodeKind::kString, Layer::kRunner, value.position(), value.text()), Layer::kRunner);
    }
  }
}

void ObjectDecoder::Decode(Value value, Shape shape, std::string path, std::optional<Wrapper> wrapper) {
  Object object;
  object.file = document_.source().name();
  object.position =
      value.kind() == ValueKind::kMapping && value.size() > 0 ? value.key(0).position() : value.position();
  object.path = std::move(path);
  object.form = shape.form;
  const Layer layer = shape.record == Record::kZone      ? Layer::kZone
                      : shape.record == Record::kProfile ? Layer::kProfile
                                                         : Layer::kRunner;
  const DecodedRecord decoded = DecodeRecord(shape.record, value, layer, object.path, object.issues);
  object.node = decoded.node;
  object.refused = !decoded.valid;
  if (wrapper) ReadWrapper(*wrapper, object);
  const NodeReader reader(object.node.get());
  switch (shape.record) {
    case Record::kZone:
      object.value = ReadZone(object);
      break;
    case Record::kProfile:
      object.value = ReadProfile(reader);
      break;
    case Record::kRunner:
      object.value = ReadRunner(reader);
      break;
    default:
      object.value = ReadOrganization(reader);
      break;
  }
  // The object stays refused, even where none of its issues is listed.
  const size_t listed = std::min(object.issues.size(), kMaxIssues - std::min(issue_count_, kMaxIssues));
  issue_count_ += object.issues.size();
  if (listed < object.issues.size()) {
    object.issues.resize(listed);
    LeaveOut(value);
  }
  object.key = KeyOf(object);
  if (finish_) finish_(object);
  objects_.push_back(std::move(object));
}

// Names the object within its file by what it is, so that a source's edit finds it again when others come or go.
std::string ObjectDecoder::KeyOf(const Object& object) {
  std::string key = object.file + "#" + std::string(ObjectKindName(object)) + "/" + IdentityOf(object);
  const size_t same = ++seen_keys_[key];
  return same == 1 ? key : key + "#" + std::to_string(same);
}

}  // namespace

std::string_view InstallStatusName(InstallStatus status) { return kInstallNames[static_cast<size_t>(status)]; }

std::string_view ConnectionStatusName(ConnectionStatus status) { return kConnectionNames[static_cast<size_t>(status)]; }

InstallStatus InstallStatusOf(std::string_view name) {
  return EnumOf(name, kInstallNames, InstallStatus::kUnspecified);
}

ConnectionStatus ConnectionStatusOf(std::string_view name) {
  return EnumOf(name, kConnectionNames, ConnectionStatus::kUnspecified);
}

std::string_view ObjectKindName(const Object& object) {
  constexpr std::array<std::string_view, 4> kNames = {"zone", "profile", "runner", "organization"};
  return kNames[object.value.index()];
}

std::vector<Object> DecodeObjects(const Document& document, std::vector<Issue>& issues,
                                  const std::function<void(Object&)>& finish) {
  std::vector<Object> objects;
  size_t count = 0;
  for (size_t i = 0; i < document.root_count(); ++i) {
    count += document.root(i).kind() == ValueKind::kSequence ? document.root(i).size() : 1;
  }
  objects.reserve(count);
  ObjectDecoder decoder(document, finish, objects, issues);
  for (size_t i = 0; i < document.root_count(); ++i) decoder.DecodeRoot(document.root(i));
  return objects;
}

}  // namespace berth
