#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/policy/fit.h"
#include "berth/policy/match.h"
#include "gtest/gtest.h"

namespace berth {
namespace {

// A launch, a binding and a runner; rows say what is too much.
struct World {
  Need need;
  Offer offer;
  Runner runner;
  LiveState live;
  CallerRules caller;
  bool joined = false;
  std::optional<ReasonCode> another;  // a failure that no amount causes

  World() {
    offer.gpu_types = {{"h100", "h100", std::nullopt}};
    runner.capabilities.max_gpu_count.value = 8;
  }
  void Enforce() { runner.enforce_resource_limits.value = true; }
  // One number for both sides.
  void Join(Amounts amounts) {
    joined = true;
    need.requests = amounts;
    need.limits = amounts;
  }
  [[nodiscard]] std::optional<AmountEdits> Fit(FitWay way) const {
    const Candidate candidate = {offer, runner, live};
    Failures failures = Match(need, candidate, caller);
    if (another) failures.Add(*another);
    return FitTo(candidate, failures, need, caller, way, joined);
  }
};

constexpr std::pair<Amount, std::string_view> kNames[] = {{Amount::kCpuLimit, "cpu-limit"},
                                                          {Amount::kCpuRequest, "cpu-request"},
                                                          {Amount::kMemoryLimit, "memory-limit"},
                                                          {Amount::kMemoryRequest, "memory-request"},
                                                          {Amount::kGpuCount, "gpu"}};

// `cpu-limit+4` for a limit that is added, `cpu-request<4` for what is lowered to 4; `no` when it cannot be fitted.
std::string Text(const std::optional<AmountEdits>& edits) {
  if (!edits) return "no";
  std::string text;
  for (const auto& [amount, name] : kNames) {
    const auto& edit = (*edits)[amount];
    if (!edit) continue;
    text.append(text.empty() ? "" : " ").append(name).append(edit->lowered ? "<" : "+");
    text.append(std::to_string(edit->value));
  }
  return text;
}

struct Row {
  std::string_view what;
  std::function<void(World&)> change;
  std::string_view edits;
};

void ExpectRows(FitWay way, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    World world;
    row.change(world);
    EXPECT_EQ(Text(world.Fit(way)), row.edits) << row.what;
  }
}

TEST(Fit, AddsMissingLimitsAndSetsRequestsToTheirs) {
  ExpectRows(FitWay::kFix, {
                               {"nothing fails", [](World&) {}, "no"},
                               {"both limits are missing",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {2000, 100};
                                },
                                "cpu-limit+2000 memory-limit+100"},
                               {"the profile's request counts too",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests.cpu = 2000;
                                  w.offer.requests = {500, 100};
                                },
                                "cpu-limit+2000 memory-limit+100"},
                               {"one limit is there",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {2000, 100};
                                  w.offer.limits.cpu = 4000;
                                },
                                "memory-limit+100"},
                               {"no request that a limit could be equal to",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests.cpu = 2000;
                                },
                                "no"},
                               {"nothing asked is a limit of nothing",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {0, 100};
                                },
                                "cpu-limit+0 memory-limit+100"},
                               {"requests above their limits",
                                [](World& w) {
                                  w.need.limits = {1000, 50};
                                  w.offer.requests = {2000, 100};
                                },
                                "cpu-request<1000 memory-request<50"},
                               {"a limit of nothing that the launch sets",
                                [](World& w) {
                                  w.need.limits.cpu = 0;
                                  w.offer.requests.cpu = 2000;
                                },
                                "cpu-request<0"},
                               {"a request above an inherited limit that is no ceiling",
                                [](World& w) {
                                  w.caller.limits_are_ceilings = false;
                                  w.need.requests.memory = 100;
                                  w.offer.limits.memory = 60;
                                },
                                "memory-request<60"},
                               {"a request above its limit, and the other limit is missing",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.limits.cpu = 1000;
                                  w.offer.requests = {2000, 100};
                                },
                                "cpu-request<1000 memory-limit+100"},
                               {"bounds that the launch passes change nothing",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {2000, 100};
                                  w.runner.capabilities.max_cpu_millicores.value = 2000;
                                  w.live.memory = 100;
                                  w.caller.quota = {2000, 100, std::nullopt};
                                },
                                "cpu-limit+2000 memory-limit+100"},
                               {"a quota is exceeded too",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {2000, 100};
                                  w.caller.quota.cpu = 1000;
                                },
                                "no"},
                               {"something fails that is no amount",
                                [](World& w) {
                                  w.Enforce();
                                  w.need.requests = {2000, 100};
                                  w.another = ReasonCode::kImageNotAllowed;
                                },
                                "no"},
                           });
}

TEST(Fit, LowersToWhatEveryBoundLeaves) {
  ExpectRows(FitWay::kShrink, {
                                  {"nothing fails", [](World&) {}, "no"},
                                  {"the quota bounds the limit, and the request follows it",
                                   [](World& w) {
                                     w.need.limits.cpu = 8000;
                                     w.caller.quota.cpu = 4000;
                                   },
                                   "cpu-limit<4000 cpu-request<4000"},
                                  {"a request below the new limit stays",
                                   [](World& w) {
                                     w.need.limits.cpu = 8000;
                                     w.need.requests.cpu = 1000;
                                     w.caller.quota.cpu = 4000;
                                   },
                                   "cpu-limit<4000"},
                                  {"without a limit the quota bounds the request",
                                   [](World& w) {
                                     w.need.requests.memory = 100;
                                     w.caller.quota.memory = 40;
                                   },
                                   "memory-request<40"},
                                  {"what the profile sets is lowered too",
                                   [](World& w) {
                                     w.offer.limits.cpu = 8000;
                                     w.caller.quota.cpu = 4000;
                                   },
                                   "cpu-limit<4000 cpu-request<4000"},
                                  {"the ceiling",
                                   [](World& w) {
                                     w.need.limits.memory = 100;
                                     w.offer.limits.memory = 60;
                                   },
                                   "memory-limit<60 memory-request<60"},
                                  {"a request above the ceiling",
                                   [](World& w) {
                                     w.need.requests.memory = 100;
                                     w.offer.limits.memory = 60;
                                   },
                                   "memory-request<60"},
                                  {"a limit that is a default is no bound of the limit",
                                   [](World& w) {
                                     w.caller.limits_are_ceilings = false;
                                     w.need.limits.cpu = 8000;
                                     w.offer.limits.cpu = 4000;
                                     w.caller.quota.cpu = 6000;
                                   },
                                   "cpu-limit<6000 cpu-request<6000"},
                                  {"the runner's maximum bounds requests only",
                                   [](World& w) {
                                     w.need.limits.cpu = 8000;
                                     w.runner.capabilities.max_cpu_millicores.value = 3000;
                                   },
                                   "cpu-request<3000"},
                                  {"a maximum of 0 is unknown",
                                   [](World& w) {
                                     w.need.requests.cpu = 8000;
                                     w.live.cpu = 5000;
                                     w.runner.capabilities.max_cpu_millicores.value = 0;
                                   },
                                   "cpu-request<5000"},
                                  {"what is free bounds requests only",
                                   [](World& w) {
                                     w.need.limits = {8000, 100};
                                     w.live.memory = 30;
                                   },
                                   "memory-request<30"},
                                  {"the smallest of all counts",
                                   [](World& w) {
                                     w.need.limits = {9000, 100};
                                     w.caller.quota = {8000, 90, std::nullopt};
                                     w.offer.limits = {7000, 95};
                                     w.runner.capabilities.max_cpu_millicores.value = 6000;
                                     w.runner.capabilities.max_memory_bytes.value = 80;
                                     w.live.cpu = 6500;
                                     w.live.memory = 85;
                                   },
                                   "cpu-limit<7000 cpu-request<6000 memory-limit<90 memory-request<80"},
                                  {"a request above its limit can be lowered",
                                   [](World& w) {
                                     w.need.limits.cpu = 1000;
                                     w.offer.requests.cpu = 2000;
                                   },
                                   "cpu-request<1000"},
                                  {"nothing is free",
                                   [](World& w) {
                                     w.need.requests.cpu = 1;
                                     w.live.cpu = 0;
                                   },
                                   "no"},
                                  {"a quota of nothing",
                                   [](World& w) {
                                     w.need.limits.memory = 1;
                                     w.caller.quota.memory = 0;
                                   },
                                   "no"},
                                  {"one unit is something",
                                   [](World& w) {
                                     w.need.requests.cpu = 2;
                                     w.live.cpu = 1;
                                   },
                                   "cpu-request<1"},
                                  {"GPUs: the quota",
                                   [](World& w) {
                                     w.need.gpu_count = 5;
                                     w.caller.quota.gpu = 2;
                                   },
                                   "gpu<2"},
                                  {"GPUs: the runner's maximum",
                                   [](World& w) {
                                     w.need.gpu_count = 9;
                                     w.caller.quota.gpu = 10;
                                   },
                                   "gpu<8"},
                                  {"GPUs: what is free",
                                   [](World& w) {
                                     w.need.gpu_count = 9;
                                     w.live.gpu = 3;
                                   },
                                   "gpu<3"},
                                  {"GPUs: none are free",
                                   [](World& w) {
                                     w.need.gpu_count = 1;
                                     w.live.gpu = 0;
                                   },
                                   "no"},
                                  {"GPUs: a maximum of 0 is none",
                                   [](World& w) {
                                     w.need.gpu_count = 1;
                                     w.runner.capabilities.max_gpu_count.value = 0;
                                   },
                                   "no"},
                                  {"all dimensions at once",
                                   [](World& w) {
                                     w.need.requests = {8000, 100};
                                     w.need.gpu_count = 4;
                                     w.live.cpu = 4000;
                                     w.live.memory = 50;
                                     w.live.gpu = 1;
                                   },
                                   "cpu-request<4000 memory-request<50 gpu<1"},
                                  {"a missing limit is no matter of less",
                                   [](World& w) {
                                     w.Enforce();
                                     w.need.requests = {8000, 100};
                                     w.live.cpu = 4000;
                                   },
                                   "no"},
                                  {"no GPU of that type",
                                   [](World& w) {
                                     w.need.gpu_count = 9;
                                     w.need.gpu_type = "a100";
                                   },
                                   "no"},
                                  {"something fails that is no amount",
                                   [](World& w) {
                                     w.need.requests.cpu = 8000;
                                     w.live.cpu = 4000;
                                     w.live.connection = ConnectionStatus::kDisconnected;
                                   },
                                   "no"},
                              });
}

TEST(Fit, LowersAndThenAddsMissingLimits) {
  ExpectRows(FitWay::kBoth, {
                                {"the missing limit is equal to the lowered request",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.requests = {8000, 100};
                                   w.live.cpu = 4000;
                                 },
                                 "cpu-limit+4000 cpu-request<4000 memory-limit+100"},
                                {"one limit is lowered, the other is added",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.limits.cpu = 8000;
                                   w.need.requests = {1000, 100};
                                   w.offer.limits.cpu = 4000;
                                 },
                                 "cpu-limit<4000 memory-limit+100"},
                                {"GPUs are lowered beside",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.requests = {1000, 100};
                                   w.need.gpu_count = 9;
                                 },
                                 "cpu-limit+1000 memory-limit+100 gpu<8"},
                                {"only a limit is missing",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.requests = {8000, 100};
                                 },
                                 "no"},
                                {"only too much",
                                 [](World& w) {
                                   w.need.requests.cpu = 8000;
                                   w.live.cpu = 4000;
                                 },
                                 "no"},
                                {"no request that the missing limit could be equal to",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.requests.cpu = 8000;
                                   w.live.cpu = 4000;
                                 },
                                 "no"},
                                {"something fails that is no amount",
                                 [](World& w) {
                                   w.Enforce();
                                   w.need.requests = {8000, 100};
                                   w.live.cpu = 4000;
                                   w.another = ReasonCode::kOverrideInvalid;
                                 },
                                 "no"},
                            });
}

TEST(Fit, TakesOneNumberForJoinedSides) {
  ExpectRows(FitWay::kShrink, {
                                  {"the smaller of the two bounds",
                                   [](World& w) {
                                     w.Join({8000, std::nullopt});
                                     w.offer.limits.cpu = 4000;
                                     w.runner.capabilities.max_cpu_millicores.value = 3000;
                                   },
                                   "cpu-limit<3000 cpu-request<3000"},
                                  {"a bound of the request alone",
                                   [](World& w) {
                                     w.Join({std::nullopt, 100});
                                     w.live.memory = 60;
                                   },
                                   "memory-limit<60 memory-request<60"},
                                  {"an inherited request needs a number, which is a limit too",
                                   [](World& w) {
                                     w.Join({std::nullopt, 100});
                                     w.offer.requests.cpu = 8000;
                                     w.live.cpu = 4000;
                                   },
                                   "cpu-request<4000"},
                                  {"an inherited limit above its request sinks with it",
                                   [](World& w) {
                                     w.Join({});
                                     w.offer.limits.cpu = 9000;
                                     w.offer.requests.cpu = 8000;
                                     w.live.cpu = 4000;
                                   },
                                   "cpu-limit<4000 cpu-request<4000"},
                              });
  ExpectRows(FitWay::kFix, {
                               {"a missing limit",
                                [](World& w) {
                                  w.Enforce();
                                  w.Join({2000, std::nullopt});
                                  w.offer.requests.memory = 100;
                                },
                                "memory-limit+100"},
                               {"an inherited request above an inherited limit",
                                [](World& w) {
                                  w.Join({});
                                  w.offer.limits.cpu = 1000;
                                  w.offer.requests.cpu = 2000;
                                },
                                "cpu-request<1000"},
                           });
  ExpectRows(FitWay::kBoth, {
                                {"lowered in one dimension, added in the other",
                                 [](World& w) {
                                   w.Enforce();
                                   w.Join({8000, std::nullopt});
                                   w.offer.requests.memory = 100;
                                   w.live.cpu = 4000;
                                 },
                                 "cpu-limit<4000 cpu-request<4000 memory-limit+100"},
                            });
}

// Of `c4` (lowered to 4 of 8), `+c4` (added): c, C, m, M, g for the amounts in order.
AmountEdits EditsOf(std::string_view text) {
  AmountEdits edits;
  while (!text.empty()) {
    const bool added = text.front() == '+';
    if (added) text.remove_prefix(1);
    const size_t amount = std::string_view("cCmMg").find(text[0]);
    edits[static_cast<Amount>(amount)] = AmountEdit{text[1] - '0', added ? 0 : 8, !added};
    text.remove_prefix(2);
  }
  return edits;
}

TEST(AmountEdits, AreDominatedByThoseThatLowerLess) {
  struct Case {
    std::string_view edits;
    std::string_view other;
    bool dominated;
  };
  const Case cases[] = {
      {"c2", "c4", true},        {"c4", "c2", false},     {"c4", "c4", false},  // equal
      {"c4", "", true},          {"", "c4", false},       {"c4m4", "c4", true},   {"c4m4", "m4", true},
      {"c4m4", "m5", true},      {"c4m4", "m3", false},  // memory is lowered further
      {"c4", "m4", false},       {"c2m6", "c4m4", false}, {"c2m4", "c4m4", true}, {"c4C2g1", "c4C2g2", true},
      {"+c4M2", "+c4M4", true},   // the same limit is added
      {"+c4M2", "+c5M4", false},  // another one
      {"+c4M2", "M4", false},     // none
      {"M2", "+c4M4", false},    {"+c4", "+c4", false},   {"+c4", "c4", false},   {"c4", "+c4", false},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(IsDominated(EditsOf(row.edits), EditsOf(row.other)), row.dominated) << row.edits << " by " << row.other;
  }
}

TEST(AmountEdits, CountWhatTheyChangeAndKeep) {
  struct Case {
    std::string_view edits;
    int dimensions;
    double kept;
  };
  const Case cases[] = {
      {"", 0, 5},         {"c4", 1, 4.5}, {"c4C2", 1, 3.75}, {"C2M4", 2, 3.75},
      {"m4g1", 2, 3.625}, {"+c4", 1, 5},  {"+c4+m4", 2, 5},  {"+c4C4M2g1", 3, 2.875},
  };
  for (const Case& row : cases) {
    const AmountEdits edits = EditsOf(row.edits);
    EXPECT_EQ(edits.dimensions(), row.dimensions) << row.edits;
    EXPECT_EQ(edits.kept(), row.kept) << row.edits;  // exact: all are eighths
    EXPECT_EQ(edits.empty(), row.edits.empty()) << row.edits;
  }
}

// Two candidates of different profiles may ask for one change.
TEST(AmountEdits, AreEqualWhateverStoodThereBefore) {
  AmountEdits a;
  a[Amount::kCpuLimit] = AmountEdit{4, 8, true};
  AmountEdits b;
  b[Amount::kCpuLimit] = AmountEdit{4, 9, true};
  EXPECT_EQ(a, b);
  EXPECT_FALSE(a < b || b < a);
  b[Amount::kCpuLimit]->lowered = false;
  EXPECT_NE(a, b);
  b[Amount::kCpuLimit] = AmountEdit{5, 8, true};
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace berth
