#include "berth/spec/launch_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "berth/spec/field.h"
#include "berth/spec/json_number.h"
#include "berth/spec/limits.h"
#include "berth/spec/quantity.h"
#include "berth/spec/utf8.h"
#include "berth/spec/word_scan.h"

namespace berth {

class LaunchWalk;

namespace {

// How deep lists and maps may stand in a field that is only carried.
constexpr int kMaxCarriedLevels = 8;

// Reads the value of one field into the object that holds it.
template <typename Owner>
using ReadInto = bool (*)(LaunchWalk& walk, Owner& owner, const Field& field);

template <typename Owner>
struct Target {
  std::string_view name;  // canonical
  ReadInto<Owner> read;
};

// The spellings of a record's fields, from the field table, each with what reads the field. A field without a target is
// not among them, unless it is only carried.
template <typename Owner>
class Keys {
 public:
  struct Key {
    std::string_view text;
    const Field* field;
    uint64_t bit;  // of its field among the record's
    ReadInto<Owner> read;
  };

  Keys(Record record, std::span<const Target<Owner>> targets, ReadInto<Owner> skip) {
    uint64_t bit = 1;
    for (const Field& field : FieldsOf(record)) {
      const auto bound = std::ranges::find(targets, field.name, &Target<Owner>::name);
      const ReadInto<Owner> read = field.type == FieldType::kCarried ? skip
                                   : bound != targets.end()          ? bound->read
                                                                     : nullptr;
      if (read != nullptr && !field.null_counts) {
        Add({field.name, &field, bit, read});
        for (const std::string_view alias : field.aliases) Add({alias, &field, bit, read});
      }
      bit <<= 1U;
    }
  }

  [[nodiscard]] const Key* Find(std::string_view text) const {
    if (text.empty()) return nullptr;
    for (size_t slot = SlotOf(text);; slot = (slot + 1) % kSlots) {
      if (slots_[slot] == 0) return nullptr;
      const Key& key = keys_[slots_[slot] - 1U];
      if (key.text.size() == text.size() && SameBytes(key.text.data(), text.data(), text.size())) return &key;
    }
  }

 private:
  static constexpr size_t kSlots = 256;  // several for each key, so that hardly two want the same

  static size_t SlotOf(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
    const size_t size = text.size();
    const uint32_t shape = byte(0) | byte(size / 2) << 8U | byte(size - 1) << 16U | static_cast<uint32_t>(size) << 24U;
    return (shape * 0x9E3779B1U) >> 24U;
  }

  void Add(const Key& key) {
    if (key.text.empty()) return;
    keys_.push_back(key);
    size_t slot = SlotOf(key.text);
    while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
    slots_[slot] = static_cast<uint8_t>(keys_.size());
  }

  std::vector<Key> keys_;
  std::array<uint8_t, kSlots> slots_ = {};  // one more than an index into keys_, or 0
};

constexpr bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Surrogates are left to the other reader.
bool HasPlainEscapes(std::string_view text) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    if (at + 1 >= text.size()) return false;
    if (text[at + 1] != 'u') {
      if (kNames.find(text[at + 1]) == std::string_view::npos) return false;
      at += 2;
      continue;
    }
    const std::string_view digits = text.substr(at + 2, 4);
    if (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
    if (digits.front() == 'd' || digits.front() == 'D') return false;
    at += 6;
  }
  return true;
}

// Whether the other reader, which prints a quantity and reads it again, ends with the same one: a binary amount that
// prints without a suffix comes back as a decimal one.
bool KeepsItsFormat(const Quantity& quantity) {
  return quantity.format() != QuantityFormat::kBinarySi ||
         (quantity.whole_bytes() && quantity.Bytes().value_or(1) % 1024 == 0);
}

}  // namespace

// simdjson's index of a text, and one walk over it. Each entry of the index is where a bracket, a comma, a colon or a scalar
// begins; between the end of a scalar and the next entry there is only white space.
class LaunchWalk {
 public:
  bool Read(std::string_view json, LaunchRequest& request) {
    if (!Index(json)) return false;
    Reset(request);
    return ReadObject(launch_, request) && next_ == end_;
  }

  // Values of fields, by the type that holds them. `out` is empty before.
  bool ReadValue(std::string& out, const Field& field);
  bool ReadValue(Located<std::string>& out, const Field& field) { return ReadValue(out.value, field); }
  bool ReadValue(bool& out, const Field& field);
  bool ReadValue(std::optional<int64_t>& out, const Field& field);
  bool ReadValue(std::optional<Located<Quantity>>& out, const Field& field);
  bool ReadValue(std::vector<std::string>& out, const Field& field);
  bool ReadValue(std::vector<int64_t>& out, const Field& field);
  bool ReadValue(ResourceRequest& out, const Field& field);
  bool ReadValue(GpuRequest& out, const Field& field);
  bool ReadNetwork(LaunchRequest& out) { return ReadObject(network_, out); }
  // Any value, checked and left out.
  bool Skip(int levels);

 private:
  bool Index(std::string_view json);
  void Reset(LaunchRequest& request);
  void Clear(std::vector<std::string>& texts);

  [[nodiscard]] char Peek() const { return next_ == end_ ? '\0' : text_[*next_]; }
  bool Take(char mark) {
    if (Peek() != mark) return false;
    ++next_;
    return true;
  }
  // The scalar that begins here, quotes included; at the end of the index nothing.
  std::string_view TakeScalar() {
    if (next_ == end_) return {};
    const size_t begin = *next_++;
    size_t end = next_ == end_ ? text_.size() : *next_;
    while (IsBlank(text_[end - 1])) --end;
    return {text_.data() + begin, end - begin};
  }
  bool TakeQuoted(std::string_view& text) {
    if (Peek() != '"') return false;
    const std::string_view quoted = TakeScalar();
    if (quoted.size() < 2 || quoted.back() != '"') return false;
    text = {quoted.data() + 1, quoted.size() - 2};
    return text.size() <= kMaxTextBytes;
  }
  // A string without escapes.
  bool TakeText(std::string_view& text) {
    return TakeQuoted(text) && (!escapes_ || text.find('\\') == std::string_view::npos);
  }
  // A number, or a string that may hold one.
  bool TakeNumberOrText(std::string_view& text) {
    if (Peek() == '"') return TakeText(text);
    text = TakeScalar();
    return IsJsonNumber(text);
  }
  bool TakeNull() { return Peek() == 'n' && TakeScalar() == "null"; }

  template <typename Owner>
  bool ReadObject(const Keys<Owner>& keys, Owner& owner);
  // Calls `read_item` for every element. False when there are more than `max_items`.
  template <typename ReadItem>
  bool ReadList(size_t max_items, ReadItem read_item);
  bool SkipObject(int levels);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> simdjson_;
  Keys<LaunchRequest> launch_ = LaunchKeys();
  Keys<LaunchRequest> network_ = NetworkKeys();
  Keys<ResourceRequest> resources_ = ResourceKeys();
  Keys<GpuRequest> gpu_ = GpuKeys();

  std::string_view text_;
  const uint32_t* next_ = nullptr;
  const uint32_t* end_ = nullptr;
  bool escapes_ = false;
  std::vector<std::string_view> texts_;  // of the list being read
  std::vector<std::string_view> names_;  // of the carried objects being read
  std::vector<std::string> spare_;       // the memory of elements that a request has no use for now

  static Keys<LaunchRequest> LaunchKeys();
  static Keys<LaunchRequest> NetworkKeys();
  static Keys<ResourceRequest> ResourceKeys();
  static Keys<GpuRequest> GpuKeys();
};

namespace {

template <auto kMember, typename Owner>
bool Into(LaunchWalk& walk, Owner& owner, const Field& field) {
  return walk.ReadValue(owner.*kMember, field);
}

template <typename Owner>
bool Skipped(LaunchWalk& walk, Owner& /*owner*/, const Field& /*field*/) {
  return walk.Skip(kMaxCarriedLevels);
}

bool IntoNetwork(LaunchWalk& walk, LaunchRequest& request, const Field& /*field*/) { return walk.ReadNetwork(request); }

}  // namespace

Keys<LaunchRequest> LaunchWalk::LaunchKeys() {
  using R = LaunchRequest;
  constexpr Target<R> kTargets[] = {
      {"organization_id", Into<&R::organization_id>}, {"user_id", Into<&R::user_id>},
      {"sandbox_id", Into<&R::sandbox_id>},           {"profile_names", Into<&R::profile_names>},
      {"profile_ids", Into<&R::profile_names>},       {"runner_ids", Into<&R::runner_ids>},
      {"runner_group_id", Into<&R::runner_group_id>}, {"zone", Into<&R::zone>},
      {"container_image", Into<&R::container_image>}, {"resource_requests", Into<&R::requests>},
      {"resource_limits", Into<&R::limits>},          {"resources", Into<&R::resources>},
      {"architecture", Into<&R::architecture>},       {"privileged", Into<&R::privileged>},
      {"storage_classes", Into<&R::storage_classes>}, {"network", IntoNetwork},
  };
  return {Record::kLaunchRequest, kTargets, Skipped<R>};
}

Keys<LaunchRequest> LaunchWalk::NetworkKeys() {
  using R = LaunchRequest;
  constexpr Target<R> kTargets[] = {
      {"egress_mode", Into<&R::egress_mode>},
      {"ingress_mode", Into<&R::ingress_mode>},
      {"exposed_ports", Into<&R::exposed_ports>},
  };
  return {Record::kNetworkOptions, kTargets, Skipped<R>};
}

Keys<ResourceRequest> LaunchWalk::ResourceKeys() {
  using R = ResourceRequest;
  constexpr Target<R> kTargets[] = {{"cpu", Into<&R::cpu>}, {"memory", Into<&R::memory>}, {"gpu", Into<&R::gpu>}};
  return {Record::kResourceRequest, kTargets, Skipped<R>};
}

Keys<GpuRequest> LaunchWalk::GpuKeys() {
  using R = GpuRequest;
  constexpr Target<R> kTargets[] = {
      {"count", Into<&R::count>}, {"type", Into<&R::type>}, {"memory_gb", Into<&R::memory_gb>}};
  return {Record::kGpuRequest, kTargets, Skipped<R>};
}

// --- The index ---

bool LaunchWalk::Index(std::string_view json) {
  if (json.size() > kMaxRequestBytes) return false;
  if (simdjson_ == nullptr || simdjson_->capacity() < json.size()) {
    constexpr size_t kLeastBytes = 4096;
    const size_t capacity = std::max(kLeastBytes, json.size() * 2);
    const simdjson::error_code error =
        simdjson_ == nullptr
            ? simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, kMaxDepth, simdjson_)
            : simdjson_->set_capacity(capacity);
    if (error != simdjson::SUCCESS) {
      simdjson_ = nullptr;
      return false;
    }
  }
  // Only the first stage: it reads no byte past the text, so that the text needs no padding.
  const auto* bytes = reinterpret_cast<const uint8_t*>(json.data());
  if (simdjson_->stage1(bytes, json.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  text_ = json;
  next_ = simdjson_->structural_indexes.get();
  end_ = next_ + simdjson_->n_structural_indexes;
  escapes_ = json.find('\\') != std::string_view::npos;
  return FirstHighControl(json) == json.size();
}

template <typename Owner>
bool LaunchWalk::ReadObject(const Keys<Owner>& keys, Owner& owner) {
  if (!Take('{')) return false;
  if (Take('}')) return true;
  uint64_t seen = 0;
  do {
    std::string_view name;
    if (!TakeText(name) || !Take(':')) return false;
    const auto* const key = keys.Find(name);
    if (key == nullptr || (seen & key->bit) != 0) return false;
    seen |= key->bit;
    // Null means absent. A word that begins like it is no value of any kind.
    const bool read = Peek() == 'n' ? TakeNull() : key->read(*this, owner, *key->field);
    if (!read) return false;
  } while (Take(','));
  return Take('}');
}

template <typename ReadItem>
bool LaunchWalk::ReadList(size_t max_items, ReadItem read_item) {
  if (!Take('[')) return false;
  if (Take(']')) return true;
  size_t items = 0;
  do {
    if (++items > max_items || !read_item()) return false;
  } while (Take(','));
  return Take(']');
}

// --- Values ---

bool LaunchWalk::ReadValue(std::string& out, const Field& field) {
  std::string_view text;
  if (!TakeText(text)) return false;
  if (text.empty()) return field.empty == EmptyText::kAbsent;
  out.assign(text);
  return true;
}

bool LaunchWalk::ReadValue(bool& out, const Field& /*field*/) {
  const std::string_view word = TakeScalar();
  out = word == "true";
  return out || word == "false";
}

bool LaunchWalk::ReadValue(std::optional<int64_t>& out, const Field& /*field*/) {
  std::string_view text;
  if (!TakeNumberOrText(text)) return false;
  out = ParseFieldInteger(text);
  return out.has_value();
}

bool LaunchWalk::ReadValue(std::optional<Located<Quantity>>& out, const Field& field) {
  std::string_view text;
  if (!TakeNumberOrText(text)) return false;
  if (text.empty()) return field.empty == EmptyText::kAbsent;
  const Resource resource = field.format == Format::kCpu ? Resource::kCpu : Resource::kMemory;
  const std::optional<Quantity> quantity = ParseQuantity(text, resource);
  if (!quantity.has_value() || !KeepsItsFormat(*quantity)) return false;
  if (resource == Resource::kMemory && !quantity->whole_bytes()) return false;  // draws a warning
  out.emplace(Located<Quantity>{*quantity, {}});
  return true;
}

bool LaunchWalk::ReadValue(std::vector<std::string>& out, const Field& field) {
  if (!out.empty()) return false;  // two fields that make one list
  texts_.clear();
  const bool read = ReadList(field.max_items, [&] {
    std::string_view text;
    if (!TakeText(text) || text.empty()) return false;
    texts_.push_back(text);
    return true;
  });
  if (!read) return false;
  std::ranges::sort(texts_);
  const auto end = std::unique(texts_.begin(), texts_.end());
  for (auto text = texts_.begin(); text != end; ++text) {
    if (spare_.empty()) spare_.emplace_back();
    out.push_back(std::move(spare_.back()));
    spare_.pop_back();
    out.back().assign(*text);
  }
  return true;
}

bool LaunchWalk::ReadValue(std::vector<int64_t>& out, const Field& field) {
  return ReadList(field.max_items, [&] {
    std::string_view text;
    if (!TakeNumberOrText(text)) return false;
    const std::optional<int64_t> number = ParseFieldInteger(text);
    if (number.has_value()) out.push_back(*number);
    return number.has_value();
  });
}

bool LaunchWalk::ReadValue(ResourceRequest& out, const Field& /*field*/) {
  out.written = true;
  return ReadObject(resources_, out);
}

bool LaunchWalk::ReadValue(GpuRequest& out, const Field& /*field*/) {
  if (!ReadObject(gpu_, out)) return false;
  out.written = out.asked();  // `gpu: {}` asks for nothing
  return true;
}

// --- Values that are only carried ---

bool LaunchWalk::Skip(int levels) {
  switch (Peek()) {
    case '"': {
      std::string_view text;
      return TakeQuoted(text) && (!escapes_ || HasPlainEscapes(text));
    }
    case '{':
      return levels > 0 && SkipObject(levels - 1);
    case '[':
      return levels > 0 && ReadList(kMaxNodes, [&] { return Skip(levels - 1); });
    default: {
      const std::string_view word = TakeScalar();
      return IsJsonNumber(word) || word == "true" || word == "false" || word == "null";
    }
  }
}

bool LaunchWalk::SkipObject(int levels) {
  if (!Take('{')) return false;
  if (Take('}')) return true;
  const size_t first = names_.size();
  do {
    std::string_view name;
    if (!TakeText(name) || name.size() > kMaxKeyBytes || !Take(':') || !Skip(levels)) return false;
    names_.push_back(name);
  } while (Take(','));
  const auto own = names_.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(own, names_.end());
  const bool distinct = std::adjacent_find(own, names_.end()) == names_.end();
  names_.resize(first);
  return distinct && Take('}');
}

// --- The request before ---

void LaunchWalk::Clear(std::vector<std::string>& texts) {
  for (std::string& text : texts) spare_.push_back(std::move(text));
  texts.clear();
}

void LaunchWalk::Reset(LaunchRequest& request) {
  names_.clear();
  request.file.clear();
  request.organization_id.assign(kDefaultOrganization);
  request.user_id.clear();
  request.sandbox_id.clear();
  Clear(request.profile_names);
  Clear(request.runner_ids);
  request.runner_group_id.clear();
  request.zone.clear();
  request.container_image.value.clear();
  request.container_image.position = {};
  for (ResourceRequest* side : {&request.requests, &request.limits, &request.resources}) {
    side->written = false;
    side->cpu.reset();
    side->memory.reset();
    side->gpu.written = false;
    side->gpu.count.reset();
    side->gpu.type.clear();
    side->gpu.memory_gb.reset();
  }
  request.architecture.clear();
  request.privileged = false;
  Clear(request.storage_classes);
  request.egress_mode.clear();
  request.ingress_mode.clear();
  request.exposed_ports.clear();
  request.pod_annotations.reset();
  request.overrides.reset();
  request.dropped.clear();
  request.node.reset();
  request.issues.clear();
}

LaunchReader::LaunchReader() : walk_(std::make_unique<LaunchWalk>()) {}
LaunchReader::~LaunchReader() = default;

bool LaunchReader::Read(std::string_view json, LaunchRequest& request) { return walk_->Read(json, request); }

}  // namespace berth
