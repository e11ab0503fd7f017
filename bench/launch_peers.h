// Other ways from a launch to a resolved spec, for a profile that plain JSON Merge Patch can express: JSON libraries that
// parse, merge and write, and a typed protobuf message. None of them validates a name or an amount, and none writes more
// than the spec.

#ifndef BERTH_BENCH_LAUNCH_PEERS_H_
#define BERTH_BENCH_LAUNCH_PEERS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace berth::bench {

// The layers below the launch, as JSON texts, lowest first.
using SpecTexts = std::span<const std::string>;

// The spec that the layers below make.
std::string PremergedSpec(SpecTexts layers);

class NlohmannPeer {
 public:
  // The layers are parsed here; each resolve merges all of them and the launch.
  explicit NlohmannPeer(SpecTexts layers);
  ~NlohmannPeer();
  [[nodiscard]] std::string Resolve(std::string_view launch) const;

 private:
  struct Layers;
  std::unique_ptr<const Layers> layers_;
};

// Keeps its memory from one resolve to the next.
class RapidJsonPeer {
 public:
  explicit RapidJsonPeer(const std::string& premerged);
  ~RapidJsonPeer();
  // Valid until the next one.
  [[nodiscard]] std::string_view Resolve(std::string_view launch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// From a decoded launch: two MergeFrom on an arena, and the bytes of the result. Keeps its memory.
class ProtobufPeer {
 public:
  ProtobufPeer(const std::string& premerged, std::string_view launch);
  ~ProtobufPeer();
  // The bytes of the resolved message; valid until the next one.
  [[nodiscard]] std::string_view Resolve();
  // The same as JSON, to be checked.
  [[nodiscard]] std::string ResolvedJson();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::bench

#endif  // BERTH_BENCH_LAUNCH_PEERS_H_
