#include "berth/engine/manifest.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "berth/spec/field.h"
#include "berth/spec/field_path.h"
#include "berth/spec/quantity.h"
#include "berth/spec/quoted.h"
#include "berth/validate/host_template.h"
#include "berth/validate/names.h"

namespace berth {
namespace {

// The first two are public; the others are made like the second.
constexpr std::string_view kSandboxLabel = "sandbox-id";
constexpr std::string_view kOrganizationLabel = "sandbox.coreweave.com/sandbox-organization-id";
constexpr std::string_view kUserLabel = "sandbox.coreweave.com/sandbox-user-id";
constexpr std::string_view kProfileLabel = "sandbox.coreweave.com/sandbox-profile-name";

constexpr std::string_view kInstanceTypeLabel = "node.kubernetes.io/instance-type";
constexpr std::string_view kGpuResource = "nvidia.com/gpu";
constexpr std::string_view kMainContainer = "sandbox";
constexpr std::string_view kNetworkingApi = "networking.k8s.io/v1";

// `.invalid` is a domain that nobody can have, so nobody can serve an image or a page there.
constexpr std::string_view kUnknownSandbox = "placeholder-sandbox-id";
constexpr std::string_view kUnknownNamespace = "placeholder-namespace";
constexpr std::string_view kUnknownOrganization = "placeholder-organization-id";
constexpr std::string_view kUnknownUser = "placeholder-user-id";
constexpr std::string_view kUnknownProfile = "placeholder-profile-name";
constexpr std::string_view kUnknownImage = "placeholder.invalid/image";
constexpr std::string_view kUnknownHost = "placeholder.invalid";

// Addresses that are not the public internet: private, shared by carriers (and used inside clusters), link-local.
constexpr std::array<std::string_view, 5> kPrivateRanges = {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16",
                                                            "172.16.0.0/12", "192.168.0.0/16"};
constexpr std::array<std::string_view, 2> kPrivateRanges6 = {"fc00::/7", "fe80::/10"};

constexpr int64_t kDnsPort = 53;
constexpr size_t kMaxServiceName = 63;

// --- Trees ---

NodeRef Text(std::string_view text) { return MakeScalar(NodeKind::kString, Layer::kDefault, {}, text); }
NodeRef Integer(int64_t value) { return MakeScalar(NodeKind::kNumber, Layer::kDefault, {}, std::to_string(value)); }

NodeRef List(std::vector<NodeRef> items) {
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::kList;
  node->items.insert(node->items.end(), items.begin(), items.end());
  return node;
}

template <size_t N>
NodeRef Texts(const std::array<std::string_view, N>& texts) {
  std::vector<NodeRef> items;
  items.reserve(N);
  for (const std::string_view text : texts) items.push_back(Text(text));
  return List(std::move(items));
}

struct Entry {
  std::string_view key;
  NodeRef value;  // null: left out
};

NodeRef Map(std::initializer_list<Entry> entries) {
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::kMap;
  for (const Entry& entry : entries) {
    if (entry.value != nullptr) node->members.push_back({CompactText(entry.key), {}, {}, entry.value});
  }
  std::ranges::sort(node->members, {}, &Member::key);
  return node;
}

NodeRef RefAt(NodeRef node, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) {
    const NodeRef* found = node == nullptr ? nullptr : node->Find(key);
    NodeRef next = found == nullptr ? nullptr : *found;
    node = std::move(next);
  }
  return node;
}

// The text at a path, or empty.
std::string_view TextAt(const Node* node, std::initializer_list<std::string_view> path) {
  const Node* found = At(node, path);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

NodeRef Set(const NodeRef& map, std::string_view key, NodeRef value) {
  return WithMember(map, key, std::move(value), Layer::kDefault);
}

// `map` with its member `key` as a map that has `members` too.
NodeRef SetAll(NodeRef map, const NodeRef& members) {
  if (members == nullptr) return map;
  for (const Member& member : members->members) map = Set(map, member.key, member.value);
  return map;
}

std::vector<NodeRef> ItemsOf(const NodeRef& list) {
  if (list == nullptr || !list->is_list()) return {};
  return {list->items.begin(), list->items.end()};
}

std::string Pointer(std::initializer_list<std::string_view> tokens) {
  std::string pointer;
  for (const std::string_view token : tokens) AppendPointer(token, pointer);
  return pointer;
}

// "`a`, `b` and `c`"
std::string Enumerate(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 == words.size() ? " and " : ", ").append(words[i]);
  }
  return text;
}

// --- Parts of objects ---

// A node must have the type; the expression that says so.
NodeRef InstanceTypeExpression(const NodeRef& types) {
  return Map({{"key", Text(kInstanceTypeLabel)}, {"operator", Text("In")}, {"values", types}});
}

// A term without expressions matches no node.
bool IsEmptyTerm(const NodeRef& term) {
  return ItemsOf(RefAt(term, {"matchExpressions"})).empty() && ItemsOf(RefAt(term, {"matchFields"})).empty();
}

NodeRef PortOf(int64_t number) { return Map({{"containerPort", Integer(number)}, {"protocol", Text("TCP")}}); }

bool IsTcpPort(const NodeRef& port, int64_t number) {
  const std::string_view protocol = TextAt(port.get(), {"protocol"});
  return (protocol.empty() || protocol == "TCP") && TextAt(port.get(), {"containerPort"}) == std::to_string(number);
}

NodeRef PolicyPort(std::string_view protocol, int64_t number) {
  return Map({{"port", Integer(number)}, {"protocol", Text(protocol)}});
}

NodeRef LabelSelector(NodeRef labels) { return Map({{"matchLabels", std::move(labels)}}); }

// The cluster's own DNS, under the labels that it usually has.
NodeRef DnsRule() {
  NodeRef server =
      Map({{"namespaceSelector", LabelSelector(Map({{"kubernetes.io/metadata.name", Text("kube-system")}}))},
           {"podSelector", LabelSelector(Map({{"k8s-app", Text("kube-dns")}}))}});
  return Map(
      {{"ports", List({PolicyPort("UDP", kDnsPort), PolicyPort("TCP", kDnsPort)})}, {"to", List({std::move(server)})}});
}

NodeRef AddressBlock(std::string_view cidr, NodeRef except) {
  return Map({{"ipBlock", Map({{"cidr", Text(cidr)}, {"except", std::move(except)}})}});
}

NodeRef PublicInternet() {
  return List({AddressBlock("0.0.0.0/0", Texts(kPrivateRanges)), AddressBlock("::/0", Texts(kPrivateRanges6))});
}

bool IsAbove(std::string_view request, std::string_view limit, Resource resource) {
  const std::optional<Quantity> asked = Quantity::Parse(request);
  const std::optional<Quantity> most = Quantity::Parse(limit);
  return asked && most && asked->UnitsOf(resource) > most->UnitsOf(resource);
}

// A fact, or what stands in its place and why.
struct Fact {
  std::string text;
  std::string note;  // empty: it is known
  bool noted = false;
};

// What a label can carry stands as it is.
Fact LabelFact(std::string_view text, std::string_view what, std::string_view placeholder) {
  if (!text.empty() && CheckLabelValue(text).empty()) return {std::string(text), {}};
  std::string note(what);
  note.append(" ").append(Quoted(text)).append(" is no value of a label: the platform writes it in its own way");
  return {std::string(placeholder), std::move(note)};
}

class ManifestMaker {
 public:
  ManifestMaker(const Resolved& resolved, std::string_view organization, const LaunchRequest* request)
      : resolved_(resolved),
        binding_(resolved.snapshot->bindings()[resolved.binding]),
        request_(request),
        organization_(LabelFact(organization, "organization", kUnknownOrganization)),
        profile_(LabelFact(binding_.profile_display_name, "profile", kUnknownProfile)) {
    sandbox_ = request != nullptr && !request->sandbox_id.empty()
                   ? Fact{request->sandbox_id, "assumed: the pod is named by its sandbox id"}
                   : Fact{std::string(kUnknownSandbox), "no sandbox id is given: the platform gives every launch one"};
    namespace_ = Fact{resolved.namespace_name, {}};
    if (resolved.namespace_name.empty()) {
      namespace_ = {std::string(kUnknownNamespace), "one namespace for each user: a launch's `user_id` makes the name"};
    }
    if (request == nullptr) {
      user_ = Fact{std::string(kUnknownUser), "filled in from the launch; left out when it names no user"};
    } else if (!request->user_id.empty()) {
      user_ = LabelFact(request->user_id, "user", kUnknownUser);
    }
    if (resolved.ingress_mode) level_ = At(Spec(), {"network", "ingress", *resolved.ingress_mode});
  }

  Manifests Make() && {
    AddNamespace();
    AddPod();
    AddEgressPolicy();
    if (level_ == nullptr) {
      made_.notes.emplace_back(
          resolved_.ingress_offered
              ? "no ingress level is chosen, so nothing is exposed; assumed: no policy limits what "
                "comes to the pod from inside the cluster"
              : "the ingress level asked for is not offered, so such a launch is rejected "
                "(INGRESS_MODE_NOT_OFFERED); nothing is exposed here");
      return std::move(made_);
    }
    AddIngressPolicy();
    AddService();
    if (At(level_, {"ingress"}) != nullptr) AddIngress();
    return std::move(made_);
  }

 private:
  [[nodiscard]] const Node* Spec() const { return resolved_.spec.get(); }
  [[nodiscard]] std::span<const int64_t> ExposedPorts() const {
    if (level_ == nullptr || request_ == nullptr) return {};
    return request_->exposed_ports;
  }

  static void Note(Manifest& manifest, std::string path, std::string text) {
    manifest.notes.push_back({std::move(path), std::move(text)});
  }
  // The fact as a value at `path`; its note stands where it is first used.
  static NodeRef Use(Fact& fact, Manifest& manifest, std::string path) {
    if (!fact.note.empty() && !fact.noted) Note(manifest, std::move(path), fact.note);
    fact.noted = true;
    return Text(fact.text);
  }

  void Add(Manifest manifest, std::string_view api, std::string_view kind, NodeRef metadata, NodeRef spec) {
    manifest.document = Map({{"apiVersion", Text(api)},
                             {"kind", Text(kind)},
                             {"metadata", std::move(metadata)},
                             {"spec", std::move(spec)}});
    made_.documents.push_back(std::move(manifest));
  }
  // Of an object beside the pod.
  NodeRef Metadata(std::string_view name, NodeRef annotations = nullptr) const {
    return Map({{"name", Text(name)}, {"namespace", Text(namespace_.text)}, {"annotations", std::move(annotations)}});
  }
  NodeRef PodSelector() const { return Map({{kSandboxLabel, Text(sandbox_.text)}}); }

  void AddNamespace() {
    const NodeRef record = RefAt(resolved_.spec, {"namespace"});
    if (TextAt(record.get(), {"autoCreate"}) == "false") {
      std::string note = resolved_.namespace_name.empty() ? "the namespace" : "namespace " + Quoted(namespace_.text);
      made_.notes.push_back(note.append(" must be there already (`autoCreate` is false), so no Namespace is made"));
      return;
    }
    Manifest manifest;
    Note(manifest, "", "made when it is missing; one that is there already stays as it is");
    NodeRef name = Use(namespace_, manifest, Pointer({"metadata", "name"}));
    Add(std::move(manifest), "v1", "Namespace",
        Map({{"name", std::move(name)},
             {"labels", RefAt(record, {"labels"})},
             {"annotations", RefAt(record, {"annotations"})}}),
        nullptr);
  }

  // --- The pod ---

  void AddPod() {
    Manifest manifest;
    NoteCarried(manifest);
    NoteAsked(manifest);
    const NodeRef written = RefAt(resolved_.spec, {"pod", "metadata"});
    NodeRef name = Use(sandbox_, manifest, Pointer({"metadata", "name"}));
    NodeRef space = Use(namespace_, manifest, Pointer({"metadata", "namespace"}));
    NodeRef metadata = Map({{"name", std::move(name)},
                            {"namespace", std::move(space)},
                            {"labels", SetAll(RefAt(written, {"labels"}), OwnLabels(manifest))},
                            {"annotations", RefAt(written, {"annotations"})}});
    NodeRef spec = PodSpec(manifest);
    Add(std::move(manifest), "v1", "Pod", std::move(metadata), std::move(spec));
  }

  // What the runner puts on a pod; policies and the Service know it by these.
  NodeRef OwnLabels(Manifest& manifest) {
    Note(manifest, Pointer({"metadata", "labels"}),
         "with the runner's own labels; assumed: the keys for profile and user, which are not public");
    const auto use = [&](Fact& fact, std::string_view label) {
      return Use(fact, manifest, Pointer({"metadata", "labels", label}));
    };
    return Map({{kSandboxLabel, Text(sandbox_.text)},
                {kOrganizationLabel, use(organization_, kOrganizationLabel)},
                {kUserLabel, user_ ? use(*user_, kUserLabel) : nullptr},
                {kProfileLabel, use(profile_, kProfileLabel)}});
  }

  // What a launch says of its sandbox alone: berth carries it and does not read it.
  void NoteCarried(Manifest& manifest) const {
    if (request_ == nullptr || request_->node == nullptr) return;
    std::vector<std::string> names;
    for (const Field& field : FieldsOf(Record::kLaunchRequest)) {
      const Node* value = At(request_->node.get(), {field.name});
      if (field.type != FieldType::kCarried || value == nullptr || value->is_null()) continue;
      names.push_back(Quoted(field.name));
    }
    if (names.empty()) return;
    Note(manifest, "", "the launch also sets " + Enumerate(names) + ": berth does not read this, the platform adds it");
  }

  // What a launch asks of the runner, without a field of the spec.
  void NoteAsked(Manifest& manifest) const {
    if (request_ == nullptr) return;
    std::vector<std::string> asked;
    if (request_->privileged) asked.emplace_back("a privileged sandbox");
    if (!request_->architecture.empty()) asked.push_back("architecture " + Quoted(request_->architecture));
    for (const std::string& name : request_->storage_classes) asked.push_back("storage class " + Quoted(name));
    if (asked.empty()) return;
    Note(manifest, "", "the launch asks for " + Enumerate(asked) + ": no field of a spec, the platform adds it");
  }

  NodeRef PodSpec(Manifest& manifest) const {
    NodeRef pod = RefAt(resolved_.spec, {"pod", "spec"});
    pod = WithMainContainer(pod, manifest);
    if (NodeRef runtime_class = RefAt(resolved_.spec, {"runtime_class"}); runtime_class != nullptr) {
      pod = Set(pod, "runtimeClassName", std::move(runtime_class));
    }
    if (NodeRef selector = RefAt(resolved_.spec, {"node_selector"}); selector != nullptr) {
      pod = Set(pod, "nodeSelector", std::move(selector));
    }
    return WithInstanceTypes(pod, manifest);
  }

  // One of `sandbox`, `sandbox-2`, `sandbox-3`, ... that no other container has.
  static std::string MainContainerName(const NodeRef& pod) {
    const auto taken = [&](const std::string& name) {
      for (const std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
        for (const NodeRef& container : ItemsOf(RefAt(pod, {list}))) {
          if (TextAt(container.get(), {"name"}) == name) return true;
        }
      }
      return false;
    };
    std::string name(kMainContainer);
    for (int next = 2; taken(name); ++next) name = std::string(kMainContainer) + "-" + std::to_string(next);
    return name;
  }

  NodeRef WithMainContainer(const NodeRef& pod, Manifest& manifest) const {
    std::vector<NodeRef> containers = ItemsOf(RefAt(pod, {"containers"}));
    auto main = std::ranges::find_if(containers, [](const NodeRef& container) {
      const Node* name = At(container.get(), {"name"});
      return name != nullptr && name->text.empty();
    });
    if (main == containers.end()) main = containers.insert(containers.begin(), Map({}));
    const std::string index = std::to_string(main - containers.begin());
    const auto note = [&](std::initializer_list<std::string_view> below, std::string text) {
      Note(manifest, Pointer({"spec", "containers", index}) + Pointer(below), std::move(text));
    };

    NodeRef container = Set(*main, "name", Text(MainContainerName(pod)));
    note({}, "the sandbox's main container, which the platform names itself");
    if (NodeRef image = RefAt(resolved_.spec, {"container_image"}); image != nullptr) {
      container = Set(container, "image", std::move(image));
    } else {
      container = Set(container, "image", Text(kUnknownImage));
      note({"image"}, "no layer sets an image: the platform's default is used");
    }
    container = WithResources(container, note);
    if (!ExposedPorts().empty()) {
      std::vector<NodeRef> ports = ItemsOf(RefAt(container, {"ports"}));
      for (const int64_t number : ExposedPorts()) {
        const bool there = std::ranges::any_of(ports, [&](const NodeRef& port) { return IsTcpPort(port, number); });
        if (!there) ports.push_back(PortOf(number));
      }
      container = Set(container, "ports", List(std::move(ports)));
      note({"ports"}, "with the launch's `exposed_ports`; assumed: TCP, as a launch names no protocol");
    }
    *main = std::move(container);
    NodeRef whole = Set(pod, "containers", List(std::move(containers)));
    NoteRefusals(whole, manifest);
    return whole;
  }

  // What Kubernetes has against the containers, as far as it is plain to see.
  static void NoteRefusals(const NodeRef& pod, Manifest& manifest) {
    for (const std::string_view list : {"containers", "initContainers"}) {
      const std::vector<NodeRef> containers = ItemsOf(RefAt(pod, {list}));
      for (size_t i = 0; i < containers.size(); ++i) {
        if (!TextAt(containers[i].get(), {"image"}).empty()) continue;
        Note(manifest, Pointer({"spec", list, std::to_string(i)}),
             "no layer gives this container an image, so Kubernetes refuses the pod");
      }
    }
    if (!ItemsOf(RefAt(pod, {"ephemeralContainers"})).empty()) {
      Note(manifest, Pointer({"spec", "ephemeralContainers"}),
           "Kubernetes takes these for pods that run, not for new ones");
    }
  }

  template <typename NoteAt>
  NodeRef WithResources(const NodeRef& container, const NoteAt& note) const {
    const NodeRef defaults = RefAt(resolved_.spec, {"resource_defaults"});
    const int64_t gpus = request_ == nullptr ? 0 : request_->gpu().count.value_or(0);
    const NodeRef gpu =
        gpus == 0 ? nullptr : MakeScalar(NodeKind::kQuantity, Layer::kSandbox, {}, std::to_string(gpus));
    // The side as the pod spec has it, with what the spec and the launch say.
    const auto side = [&](std::string_view name, std::string_view cpu, std::string_view memory) {
      return SetAll(RefAt(container, {"resources", name}),
                    Map({{"cpu", RefAt(defaults, {cpu})}, {"memory", RefAt(defaults, {memory})}, {kGpuResource, gpu}}));
    };
    NodeRef resources = RefAt(container, {"resources"});
    for (const auto& [name, amounts] : {std::pair{"requests", side("requests", "cpuRequest", "memoryRequest")},
                                        std::pair{"limits", side("limits", "cpuLimit", "memoryLimit")}}) {
      if (amounts != nullptr) resources = Set(resources, name, amounts);
    }
    if (resources == nullptr) return container;
    const auto check = [&](std::string_view name, Resource resource, std::string_view reason) {
      if (!IsAbove(TextAt(resources.get(), {"requests", name}), TextAt(resources.get(), {"limits", name}), resource)) {
        return;
      }
      note({"resources"}, "the request for " + std::string(name) + " is above the limit: such a launch is rejected (" +
                              std::string(reason) + ")");
    };
    check("cpu", Resource::kCpu, "CPU_REQUEST_ABOVE_LIMIT");
    check("memory", Resource::kMemory, "MEMORY_REQUEST_ABOVE_LIMIT");
    if (gpu != nullptr && (!request_->gpu().type.empty() || request_->gpu().memory_gb)) {
      const std::string wanted = request_->gpu().type.empty()
                                     ? "at least " + std::to_string(*request_->gpu().memory_gb) + " GiB each"
                                     : "type " + Quoted(request_->gpu().type);
      note({"resources", "limits", kGpuResource}, wanted + " is asked: the platform finds a node that has it");
    }
    return Set(container, "resources", std::move(resources));
  }

  // Instance types as an expression in every term, because one term is enough for a node. A term that matches nothing
  // stays as it is: with the expression it would match something.
  NodeRef WithInstanceTypes(const NodeRef& pod, Manifest& manifest) const {
    const NodeRef types = RefAt(resolved_.spec, {"instance_types"});
    if (ItemsOf(types).empty()) return pod;
    constexpr std::string_view kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
    const NodeRef affinity = RefAt(pod, {"affinity"});
    const NodeRef node_affinity = RefAt(affinity, {"nodeAffinity"});
    const NodeRef required = RefAt(node_affinity, {kRequired});
    std::vector<NodeRef> terms = ItemsOf(RefAt(required, {"nodeSelectorTerms"}));
    const NodeRef expression = InstanceTypeExpression(types);
    const bool none_matches = !terms.empty() && std::ranges::all_of(terms, IsEmptyTerm);
    for (NodeRef& term : terms) {
      if (IsEmptyTerm(term)) continue;
      std::vector<NodeRef> expressions = ItemsOf(RefAt(term, {"matchExpressions"}));
      expressions.push_back(expression);
      term = Set(term, "matchExpressions", List(std::move(expressions)));
    }
    if (terms.empty()) terms.push_back(Map({{"matchExpressions", List({expression})}}));

    std::string note = "with `instance_types`; assumed: nodes carry their type in this label";
    if (none_matches) note = "terms without expressions match no node, so `instance_types` cannot narrow them";
    for (const NodeRef& type : types->items) {
      if (CheckLabelValue(type->text).empty()) continue;
      note.append("; ").append(Quoted(type->text)).append(" is no value of a label, so no node has it");
    }
    Note(manifest, Pointer({"spec", "affinity", "nodeAffinity", kRequired, "nodeSelectorTerms"}), std::move(note));
    return Set(pod, "affinity",
               Set(affinity, "nodeAffinity",
                   Set(node_affinity, kRequired, Set(required, "nodeSelectorTerms", List(std::move(terms))))));
  }

  // --- The network ---

  // The sandboxes that an egress type or a scope means, as a peer of a policy. Null when there are none: a launch
  // without a user has no fellow sandboxes of that user.
  NodeRef PeersOf(std::string_view who) const {
    if (who == "user" && !user_) return nullptr;
    NodeRef labels = Map({{kOrganizationLabel, Text(organization_.text)},
                          {kUserLabel, who == "user" ? Text(user_->text) : nullptr},
                          {kProfileLabel, who == "profile" ? Text(profile_.text) : nullptr}});
    return Map({{"namespaceSelector", Map({})}, {"podSelector", LabelSelector(std::move(labels))}});
  }

  static std::string_view WordsFor(std::string_view who) {
    if (who == "user") return "the same user's sandboxes";
    if (who == "profile") return "the organization's sandboxes with the same profile";
    return "the organization's sandboxes";
  }

  static constexpr std::string_view kPeersAssumed = "; assumed: known by the runner's labels, in any namespace";

  void NoteHostNetwork(Manifest& manifest) const {
    if (TextAt(Spec(), {"pod", "spec", "hostNetwork"}) != "true") return;
    Note(manifest, "", "this pod uses the host's network, where most clusters apply no policy");
  }

  void AddPolicy(Manifest manifest, std::string_view suffix, std::string_view type, std::string_view direction,
                 std::vector<NodeRef> rules) {
    NoteHostNetwork(manifest);
    Note(manifest, Pointer({"metadata", "name"}), "assumed: the sandbox id and the direction");
    Add(std::move(manifest), kNetworkingApi, "NetworkPolicy", Metadata(sandbox_.text + std::string(suffix)),
        Map({{"podSelector", LabelSelector(PodSelector())},
             {"policyTypes", List({Text(type)})},
             {direction, List(std::move(rules))}}));
  }

  void AddEgressPolicy() {
    const Node* mode =
        resolved_.egress_mode ? At(Spec(), {"network", "egress", "modes", *resolved_.egress_mode}) : nullptr;
    const std::string_view type = mode == nullptr ? "none" : TextAt(mode, {"type"});
    std::string note = "mode ";
    if (mode != nullptr) {
      note.append(Quoted(*resolved_.egress_mode));
    } else if (resolved_.egress_offered) {
      note = "no egress mode is declared";
    } else {
      note = "the mode asked for is not offered, so such a launch is rejected (EGRESS_MODE_NOT_OFFERED)";
    }
    std::vector<NodeRef> rules;
    if (type == "internet") {
      note.append(": the public internet; assumed: without private, shared and link-local addresses");
      rules.push_back(Map({{"to", PublicInternet()}}));
    } else if (type == "allowlist") {
      note.append(": these ranges only");
      std::vector<NodeRef> blocks;
      for (const NodeRef& cidr :
           ItemsOf(RefAt(resolved_.spec, {"network", "egress", "modes", *resolved_.egress_mode, "cidrs"}))) {
        blocks.push_back(AddressBlock(cidr->text, nullptr));
      }
      // An empty `to` would mean everywhere.
      if (!blocks.empty()) rules.push_back(Map({{"to", List(std::move(blocks))}}));
    } else if (type != "none") {
      note.append(": ").append(WordsFor(type));
      if (NodeRef peers = PeersOf(type); peers != nullptr) {
        note.append(kPeersAssumed);
        rules.push_back(Map({{"to", List({std::move(peers)})}}));
      } else {
        note.append("; this launch names no user, so there are none");
      }
    }
    if (!resolved_.egress_offered) {
      note.append("; nothing is let out here");
    } else if (type == "none") {
      note.append(": nothing, and no name lookups either");
    }
    Manifest manifest;
    Note(manifest, Pointer({"spec", "egress"}), std::move(note));
    if (!rules.empty()) {
      Note(manifest, Pointer({"spec", "egress", std::to_string(rules.size())}),
           "assumed: name lookups by the cluster's DNS, with the labels that it usually has");
      rules.push_back(DnsRule());
    }
    AddPolicy(std::move(manifest), "-egress", "Egress", "egress", std::move(rules));
  }

  void AddIngressPolicy() {
    Manifest manifest;
    const std::string_view scope = TextAt(level_, {"scope"});
    const NodeRef peers = scope == "any" ? nullptr : PeersOf(scope);
    std::string note = "level " + Quoted(*resolved_.ingress_mode) + ", scope " + Quoted(scope) + ": ";
    note.append(scope == "any" ? "everybody" : WordsFor(scope));
    if (scope != "any" && peers == nullptr) note.append("; this launch names no user, so there are none");
    if (scope == "org") note.append(", and whatever else carries this label");
    if (peers != nullptr) note.append(kPeersAssumed);
    Note(manifest, Pointer({"spec", "ingress"}), std::move(note));
    if (scope != "any") NoteOuterTraffic(manifest);
    std::vector<NodeRef> rules;
    // No `ports` would mean all of them.
    if ((scope == "any" || peers != nullptr) && !ExposedPorts().empty()) {
      std::vector<NodeRef> ports;
      for (const int64_t number : ExposedPorts()) ports.push_back(PolicyPort("TCP", number));
      rules.push_back(Map({{"from", peers == nullptr ? nullptr : List({peers})}, {"ports", List(std::move(ports))}}));
    }
    AddPolicy(std::move(manifest), "-ingress", "Ingress", "ingress", std::move(rules));
  }

  // A narrow scope behind a wide door.
  void NoteOuterTraffic(Manifest& manifest) const {
    std::vector<std::string> doors;
    const std::string_view type = TextAt(level_, {"service", "serviceType"});
    if (type == "LoadBalancer") doors.emplace_back("the load balancer");
    if (type == "NodePort") doors.emplace_back("node ports");
    if (const std::string_view name = TextAt(level_, {"ingress", "controllerName"}); !name.empty()) {
      doors.push_back("controller " + Quoted(name));
    }
    if (doors.empty()) return;
    Note(manifest, "",
         "what comes through " + Enumerate(doors) +
             " does not come from such a pod: the platform decides whether it is let in");
  }

  // A Service's name begins with a letter on most clusters, and a sandbox id need not.
  [[nodiscard]] std::string ServiceName() const {
    if (IsDns1035Label(sandbox_.text)) return sandbox_.text;
    std::string name = ("sandbox-" + sandbox_.text).substr(0, kMaxServiceName);
    while (name.back() == '-') name.pop_back();
    return name;
  }

  void AddService() {
    Manifest manifest;
    const std::string name = ServiceName();
    if (name != sandbox_.text) {
      Note(manifest, Pointer({"metadata", "name"}), "assumed: the sandbox id behind a letter, which a Service needs");
    }
    std::vector<NodeRef> ports;
    for (const int64_t number : ExposedPorts()) {
      ports.push_back(Map({{"name", Text("port-" + std::to_string(number))},
                           {"port", Integer(number)},
                           {"protocol", Text("TCP")},
                           {"targetPort", Integer(number)}}));
    }
    const std::string_view type = TextAt(level_, {"service", "serviceType"});
    if (type == "LoadBalancer") Note(manifest, Pointer({"spec", "type"}), "the cluster gives it an external address");
    if (type == "NodePort") {
      Note(manifest, Pointer({"spec", "type"}), "the cluster picks a port on every node for each port here");
    }
    if (TextAt(level_, {"expectsExternalAddress"}) == "true") {
      Note(manifest, "", "the sandbox counts as ready only with an external address (`expectsExternalAddress`)");
    }
    NodeRef annotations = ServiceAnnotations(manifest);
    Add(std::move(manifest), "v1", "Service", Metadata(name, std::move(annotations)),
        Map({{"type", Text(type)}, {"selector", PodSelector()}, {"ports", List(std::move(ports))}}));
  }

  NodeRef ServiceAnnotations(Manifest& manifest) const {
    NodeRef annotations;
    for (const std::string_view pair : {"serviceSelectorAnnotation", "dnsAnnotation"}) {
      const NodeRef value =
          RefAt(resolved_.spec, {"network", "ingress", *resolved_.ingress_mode, "service", pair, "value"});
      const std::string_view key = TextAt(level_, {"service", pair, "key"});
      if (value == nullptr) continue;
      const bool twice = annotations != nullptr && annotations->Find(key) != nullptr;
      annotations = Set(annotations, key, value);
      const std::string path = Pointer({"metadata", "annotations", key});
      if (twice) Note(manifest, path, "both annotations of the level have this key; the one for DNS is shown");
    }
    return annotations;
  }

  // The host name, or what stands in its place.
  Fact Host() const {
    if (!resolved_.host.empty()) return {resolved_.host, {}};
    const auto& levels = binding_.offer.ingress_levels;
    const auto level = std::ranges::find(levels, *resolved_.ingress_mode);
    const HostTemplate* host = nullptr;
    if (level != levels.end()) {
      const auto& parsed = binding_.host_templates[static_cast<size_t>(level - levels.begin())];
      if (parsed) host = &*parsed;
    }
    if (host == nullptr) return {std::string(kUnknownHost), "the level has no usable template"};
    std::string rendered;
    host->Render(sandbox_.text, namespace_.text, rendered);
    const bool known = (!host->uses_sandbox_id() || (request_ != nullptr && !request_->sandbox_id.empty())) &&
                       (!host->uses_namespace() || !resolved_.namespace_name.empty());
    if (known) {
      return {std::string(kUnknownHost), "the template gives " + Quoted(rendered) +
                                             ", which is no host name: such a launch is rejected (HOST_NAME_INVALID)"};
    }
    const std::string note = "made of template " + Quoted(host->text());
    return {IsValidHostName(rendered) ? rendered : std::string(kUnknownHost), note};
  }

  void AddIngress() {
    Manifest manifest;
    Note(manifest, Pointer({"spec", "ingressClassName"}), "assumed: the controller's class has the controller's name");
    Fact host = Host();
    const std::string rule = Pointer({"spec", "rules", "0"});
    NodeRef host_name = Use(host, manifest, rule + "/host");
    Note(manifest, "", "without TLS: a profile has no field for it");
    std::vector<NodeRef> paths;
    if (!ExposedPorts().empty()) {
      const int64_t port = ExposedPorts().front();
      if (ExposedPorts().size() > 1) {
        Note(manifest, rule + "/http",
             "assumed: a host leads to the first of the exposed ports; the Service serves the others");
      }
      paths.push_back(Map(
          {{"path", Text("/")},
           {"pathType", Text("Prefix")},
           {"backend",
            Map({{"service", Map({{"name", Text(ServiceName())}, {"port", Map({{"number", Integer(port)}})}})}})}}));
    }
    NodeRef only = Map({{"host", std::move(host_name)}, {"http", Map({{"paths", List(std::move(paths))}})}});
    Add(std::move(manifest), kNetworkingApi, "Ingress", Metadata(sandbox_.text),
        Map({{"ingressClassName", Text(TextAt(level_, {"ingress", "controllerName"}))},
             {"rules", List({std::move(only)})}}));
  }

  const Resolved& resolved_;
  const CompiledBinding& binding_;
  const LaunchRequest* request_;
  Fact sandbox_;
  Fact namespace_;
  Fact organization_;
  Fact profile_;
  std::optional<Fact> user_;     // nothing: the launch names none
  const Node* level_ = nullptr;  // of the resolved spec; null: nothing is exposed
  Manifests made_;
};

}  // namespace

Manifests ManifestsOf(const Resolved& resolved, std::string_view organization, const LaunchRequest* request) {
  return ManifestMaker(resolved, organization, request).Make();
}

}  // namespace berth
