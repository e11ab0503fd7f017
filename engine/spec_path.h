// What a pointer into a spec names, read from the field tables token by token, and where a fold moves it.
//
// A path may name a field that no layer sets; whether the tables know it is all that counts. Spellings are those of the
// tables, so `/resourceDefaults/cpu_limit` is `/resource_defaults/cpuLimit`. Below pod.spec a name that the table does
// not know is doubted and no more, because the cluster may know it.
//
// Threads:  values
// Tested by: tests/engine_explanation_test.cc

#ifndef BERTH_ENGINE_SPEC_PATH_H_
#define BERTH_ENGINE_SPEC_PATH_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/spec/field.h"
#include "berth/spec/node.h"
#include "berth/spec/pod_field.h"

namespace berth {

class SpecPath {
 public:
  // One token: a name of the tables, a user's key, or the index of a list's element.
  struct Step {
    std::string name;
    bool element = false;
  };

  // The first token below pod.spec that the table does not know.
  struct Doubt {
    std::string above;                    // pointer to what it stands in
    std::string name;                     // as written
    PodRecord record = PodRecord::kNone;  // whose member it would be; kNone: of a list, or of what has no members
    bool in_list = false;                 // it stands where the index of an element would
  };

  // `pointer` is an RFC 6901 pointer; the empty one is the whole spec.
  explicit SpecPath(std::string_view pointer);

  // The tables have a field there, or a user's key may stand there.
  [[nodiscard]] bool known() const { return known_; }
  // The pointer in canonical names, as far as it is known.
  [[nodiscard]] const std::string& canonical() const { return canonical_; }
  [[nodiscard]] std::span<const Step> steps() const { return steps_; }
  // The rows on the way, outermost first. User's keys, elements and what lies in pod.spec have none.
  [[nodiscard]] std::span<const Field* const> fields() const { return fields_; }
  [[nodiscard]] const std::optional<Doubt>& doubt() const { return doubt_; }
  // Pointers to what could stand where the first unknown token does.
  [[nodiscard]] std::vector<std::string> Siblings() const;

 private:
  enum class Next : uint8_t { kMember, kKey, kIndex, kPodMember, kPodIndex, kPodNothing, kNothing };

  void Enter(std::string token);
  void Question(const std::string& token);
  void EnterPod(const std::string& token);

  Record record_ = Record::kSpec;
  PodRecord pod_ = PodRecord::kNone;
  Next next_ = Next::kMember;
  std::string canonical_;
  std::vector<Step> steps_;
  std::vector<const Field*> fields_;
  std::optional<Doubt> doubt_;
  bool known_ = true;
};

// `network.egress` as the pointer `/network/egress`; a pointer stays as it is. Keys with dots need a pointer.
std::string PointerOf(std::string_view path);

// What the folds of the law (docs/semantics.md, sections 5 and 6) make of a place in a spec.
struct FoldOfPath {
  std::string pointer;  // where its value stands in the resolved spec; empty: it stays
  std::string amounts;  // where the CPU and memory below it stand; empty: nothing below it folds
  bool gpus = false;    // the main container's GPUs: no layer sets them
};

// `spec` is the resolved spec: it tells which element is the main container. Without any container, that is the first.
FoldOfPath FoldOf(const SpecPath& path, const Node* spec);

}  // namespace berth

#endif  // BERTH_ENGINE_SPEC_PATH_H_
