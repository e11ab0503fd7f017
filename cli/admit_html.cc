#include "berth/cli/admit_html.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "berth/cli/admit.h"
#include "berth/cli/findings.h"
#include "berth/cli/html.h"
#include "berth/cli/load.h"
#include "berth/cli/spec_text.h"
#include "berth/engine/engine.h"
#include "berth/engine/json.h"
#include "berth/engine/message.h"
#include "berth/engine/reason_detail.h"
#include "berth/engine/remedy.h"
#include "berth/engine/waterfall.h"
#include "berth/policy/reason.h"
#include "berth/policy/verdict.h"
#include "berth/spec/writer.h"

namespace berth::cli {
namespace {

// What is shown of a list; the page then says how many there are.
constexpr size_t kMaxNames = 12;
constexpr size_t kMaxGroups = 100;
constexpr size_t kMaxCandidates = 1000;

constexpr Markup kStyle = R"(:root { --bad: #b3261e; --bad-paper: #fdeceb; }
@media (prefers-color-scheme: dark) {
  :root { --bad: #ff9a90; --bad-paper: #3a1815; }
}
header, main, footer { max-width: 100rem; }
.verdict { display: inline-block; border: 2px solid; border-radius: 4px; padding: 0 0.5rem; color: var(--bad);
  background: var(--bad-paper); letter-spacing: 0.03em; }
.verdict.good { color: var(--set); background: var(--set-paper); }
h1 code { font-size: 1.125rem; }
.message { margin: 0 0 0.75rem; border-left: 4px solid var(--bad); padding: 0.4rem 0.75rem; background: var(--head);
  overflow-wrap: anywhere; }
.message.good { border-color: var(--set); }
h2 { margin: 2rem 0 0.5rem; font-size: 1.125rem; line-height: 1.25; }
h2, .card, [id^="candidate-"], [id^="reason-"] { scroll-margin-top: 4rem; }
section > p { margin: 0 0 0.75rem; max-width: 60rem; overflow-wrap: anywhere; }
.note { color: var(--faint); font-size: 0.8125rem; overflow-wrap: anywhere; }
th .note, td .note { display: block; font-weight: 400; }
.source { display: block; font-size: 0.75rem; color: var(--faint); }
.part { display: inline-block; max-width: 100%; }
tbody th { background: var(--head); }
tr:target > *, .card:target, .places :target { background: var(--target); }
.number { width: 5.5rem; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.nothing { color: var(--faint); }
.waterfall { table-layout: auto; }
.step { min-width: 12rem; width: 18.5rem; }
.lost-left { width: 4.25rem; }
.gain { width: 3.75rem; }
td.gain { color: var(--set); font-weight: 700; }
td.gain.nothing { color: var(--faint); font-weight: 400; }
tfoot > tr > * { border-top: 1px solid var(--faint); background: var(--head); }
.bar { display: flex; height: 1.25rem; min-width: 6rem; background: var(--head); forced-color-adjust: none; }
.bar > * { flex-basis: 0; min-width: 3px; }
.left { background: var(--set); }
.lost { background: repeating-linear-gradient(-45deg, var(--bad) 0 2px, var(--bad-paper) 2px 7px);
  border: 1px solid var(--bad); }
.key { display: inline-block; width: 1.5rem; height: 0.75rem; vertical-align: -0.05rem; }
.key.gone { background: var(--head); border: 1px solid var(--line); }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 0.75rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(34rem, 100%), 1fr)); }
.card { border: 1px solid var(--line); border-left: 4px solid var(--set); border-radius: 4px;
  padding: 0.6rem 0.9rem 0.75rem; min-width: 0; }
.card h3 { margin: 0 0 0.25rem; font-size: 1rem; }
.card h3 code { color: var(--set); font-weight: 700; }
.card p { margin: 0 0 0.4rem; overflow-wrap: anywhere; }
.card .facts { margin: 0 0 0.4rem; display: block; }
.facts.wide { grid-template-columns: minmax(0, 1fr); }
pre { margin: 0.15rem 0 0; border: 1px dashed var(--line); padding: 0.5rem; max-height: 24rem; overflow: auto;
  white-space: pre-wrap; user-select: all; background: var(--head); }
.codes { width: 22%; }
.asked { width: 8%; }
.offered { width: 13%; }
.example { width: 15%; }
.failures { width: 30%; }
.size { width: 7rem; }
.codes-list, .places { list-style: none; margin: 0; padding: 0; }
.places { columns: 18rem; column-gap: 1.5rem; }
.places > li { break-inside: avoid; padding-left: 1rem; text-indent: -1rem; overflow-wrap: anywhere; }
.field { width: 26%; }
.line { width: 5rem; }
footer { margin-top: 1.5rem; color: var(--faint); font-size: 0.8125rem; }
@media screen and (max-width: 60rem) {
  body { padding: 1rem 0.75rem 2rem; }
  table, caption, tbody, tfoot, tr, th, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border: 1px solid var(--line); margin: 0 0 0.75rem; }
  th, td, tr > :first-child, tfoot > tr > * { border-width: 0; }
  th[class], td[class] { width: auto; text-align: left; }
  tfoot td { background: none; }
  tbody th, tfoot th { font-weight: 700; }
  td { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); padding: 0.2rem 0.55rem; }
  td::before { content: attr(data-label); grid-row: 1 / span 9; color: var(--faint); font-weight: 400; }
  td > * { grid-column: 2; }
  td.share { display: block; }
  td.lost-left, td.gain { display: inline-block; }
  td.lost-left::before, td.gain::before { content: attr(data-label) "\00a0"; }
  td.empty, td.gain.nothing { display: none; }
}
)";

constexpr Markup kPrintStyle = R"(  :root { --bad: #8c1d18; --bad-paper: #fff; }
  @page { size: landscape; margin: 10mm; }
  body { padding: 0; font-size: 8.5pt; print-color-adjust: exact; }
  th, td { padding: 2pt 4pt; }
  code { font-size: 8pt; }
  .note, .source { font-size: 7pt; }
  .skip, .groups { display: none; }
  .number { width: 4rem; }
  .lost-left, .gain { width: 3rem; }
  .cards { grid-template-columns: 1fr 1fr; }
  thead th { position: static; }
  h2 { break-after: avoid; }
  tr, .card { break-inside: avoid; }
  .candidates tr { break-inside: auto; }
  pre { max-height: none; overflow: visible; }
)";

// `text` as one word of a shell.
std::string ShellWord(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._/,:@=+").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word += "'";
}

std::string Or(std::string_view text, std::string_view otherwise) {
  return std::string(text.empty() ? otherwise : text);
}

using Amount = std::optional<Located<Quantity>>;

std::string AmountsText(const Amount& request, const Amount& limit) {
  std::string text;
  if (request) text.append("request ").append(request->value.ToString());
  if (limit) text.append(text.empty() ? "limit " : ", limit ").append(limit->value.ToString());
  return Or(text, "what the profile gives");
}

std::string GpuText(const GpuRequest& gpu) {
  if (!gpu.asked()) return "none";
  std::string text = gpu.count ? std::to_string(*gpu.count) : std::string("some");
  if (!gpu.type.empty()) text.append(" of type ").append(gpu.type);
  if (gpu.memory_gb) text.append(" with at least ").append(std::to_string(*gpu.memory_gb)).append(" GB each");
  return text;
}

// Candidates that fail the same, by their place in the decision.
struct Group {
  Failures failures;
  std::vector<uint32_t> candidates;
};

// The first of them, at most `limit`.
template <typename T>
std::span<const T> Shown(const std::vector<T>& all, size_t limit) {
  return std::span(all).first(std::min(all.size(), limit));
}

class Page {
 public:
  explicit Page(const DecisionFacts& facts)
      : facts_(facts),
        decision_(facts.decision),
        request_(facts.request),
        snapshot_(*facts.decision.snapshot),
        remedies_(FindRemedies(facts.decision, facts.request)) {
    GroupCandidates();
  }

  std::string Write() && {
    WriteHeader();
    out_ << "<main id=\"main\" tabindex=\"-1\">\n";
    WriteRequest();
    switch (decision_.verdict) {
      case Verdict::kAdmitted:
        WritePlacement();
        break;
      case Verdict::kRejected:
        WriteWaterfall();
        WriteRemedies();
        WriteReasons();
        break;
      case Verdict::kInvalid:
        WriteViolations();
        break;
    }
    if (decision_.verdict != Verdict::kInvalid) WriteCandidates();
    out_ << "</main>\n";
    return std::move(out_).End("Places are file:line:column. Made by <code>berth admit</code>.");
  }

 private:
  // --- Elements ---

  // `id` is its address, and that of its title.
  void BeginSection(Markup id, Markup title) {
    out_ << "<section aria-labelledby=\"" << id << "\">\n<h2 id=\"" << id << "\">" << title << "</h2>\n";
  }
  void EndSection() { out_ << "</section>\n"; }

  void Heading(Markup style, Markup name) {
    out_ << "<th scope=\"col\" class=\"" << style << "\"><span class=\"name\">" << name << "</span></th>\n";
  }
  // A cell; on a narrow page it shows the label, for it then stands below the others.
  void BeginCell(Markup label, Markup style) {
    out_ << "<td data-label=\"" << label << "\" class=\"" << style << "\">";
  }
  void NumberCell(Markup label, Markup style, size_t number) {
    BeginCell(label, style);
    out_ << number << "</td>\n";
  }
  void NoCell(Markup style) { out_ << "<td class=\"" << style << " nothing empty\"></td>\n"; }

  // It can break after each `_`.
  void Code(std::string_view name) {
    out_ << "<code>";
    while (!name.empty()) {
      const size_t end = std::min(name.find('_'), name.size() - 1) + 1;
      out_ << name.substr(0, end);
      name.remove_prefix(end);
      if (!name.empty()) out_ << "<wbr>";
    }
    out_ << "</code>";
  }
  // A reason's name, and its dimension where several share the name; leads to its row.
  void Reason(const ReasonInfo& info) {
    const auto row = std::ranges::find(decision_.reasons, info.code, &ReasonCount::code);
    const bool linked = row != decision_.reasons.end();
    if (linked) out_ << "<a href=\"#reason-" << static_cast<size_t>(row - decision_.reasons.begin()) + 1 << "\">";
    Code(info.name);
    if (std::ranges::count(Reasons(), info.name, &ReasonInfo::name) > 1) out_ << " " << info.capability;
    if (linked) out_ << "</a>";
  }
  void ReasonList(Failures failures) {
    out_ << "<ul class=\"codes-list\">";
    for (uint32_t rest = failures.bits(); rest != 0; rest &= rest - 1) {
      out_ << "<li>";
      Reason(InfoOf(static_cast<ReasonCode>(std::countr_zero(rest))));
      out_ << "</li>";
    }
    out_ << "</ul>";
  }

  [[nodiscard]] std::string NameOf(uint32_t binding) const {
    const CompiledBinding& compiled = snapshot_.bindings()[binding];
    return snapshot_.RunnerOf(compiled).runner->runner_id + "/" + compiled.name;
  }
  // `runner/profile`; leads to where it stands among the candidates.
  void Binding(uint32_t binding) {
    const auto listed = listed_.find(binding);
    if (listed == listed_.end()) {
      out_ << NameOf(binding);
    } else {
      out_ << "<a href=\"#candidate-" << listed->second + 1 << "\">" << NameOf(binding) << "</a>";
    }
  }
  // Names, each as code; `otherwise` when there are none.
  void Names(std::span<const std::string> names, size_t total, Markup otherwise) {
    if (names.empty()) out_ << otherwise;
    const size_t shown = std::min(names.size(), kMaxNames);
    for (size_t i = 0; i < shown; ++i) {
      if (i > 0) out_ << ", ";
      out_.Element("code", names[i]);
    }
    if (total > shown) out_ << " and " << total - shown << " more";
  }
  void Value(const NodeRef& value) {
    if (value == nullptr) {
      out_ << "nothing";
    } else {
      out_ << "<code>";
      out_.Lines(JsonForPage(*value)) << "</code>";
    }
  }
  void Copyable(std::string_view text) {
    out_ << "<pre tabindex=\"0\"><code>";
    out_.Lines(text) << "</code></pre>\n";
  }

  // Its lines break between words only.
  void Command(std::initializer_list<std::string_view> words) {
    out_ << "<pre tabindex=\"0\"><code>";
    for (const std::string_view& word : words) {
      if (&word != words.begin()) out_ << " ";
      out_.Element("span class=\"part\"", ShellWord(word));
    }
    out_ << "</code></pre>\n";
  }

  void BeginFact(Markup name) { out_ << "<div><dt>" << name << "</dt><dd>"; }
  void EndFact() { out_ << "</dd></div>\n"; }
  void CodeFact(Markup name, std::string_view value, Markup otherwise) {
    BeginFact(name);
    if (value.empty()) {
      out_ << otherwise;
    } else {
      out_.Element("code", value);
    }
    EndFact();
  }
  void NamesFact(Markup name, std::span<const std::string> names, Markup otherwise) {
    BeginFact(name);
    Names(names, names.size(), otherwise);
    EndFact();
  }

  // --- What is on the page ---

  // Those that fail least come first: they are the nearest to taking the launch.
  void GroupCandidates() {
    std::map<uint32_t, size_t> group_of;  // by failures
    for (uint32_t i = 0; i < decision_.candidates.size(); ++i) {
      const Failures failures = decision_.candidates[i].failures;
      const auto [found, added] = group_of.emplace(failures.bits(), groups_.size());
      if (added) groups_.push_back({failures, {}});
      groups_[found->second].candidates.push_back(i);
    }
    std::ranges::sort(groups_, {}, [](const Group& group) {
      const uint32_t bits = group.failures.bits();
      return std::tuple(std::popcount(bits), -static_cast<int64_t>(group.candidates.size()), bits);
    });
    max_of_group_ = kMaxCandidates / std::clamp<size_t>(groups_.size(), 1, kMaxGroups);
    for (const Group& group : Shown(groups_, kMaxGroups)) {
      for (const uint32_t i : Shown(group.candidates, max_of_group_)) {
        listed_.emplace(decision_.candidates[i].binding, i);
      }
    }
  }

  void WriteHeader() {
    const bool good = decision_.verdict == Verdict::kAdmitted;
    const std::string_view verdict = VerdictName(decision_.verdict);
    out_.Begin(std::string(verdict) + ": " + Or(request_.sandbox_id, request_.file), kStyle, kPrintStyle);
    out_ << "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n<h1><span class=\""
         << (good ? Markup("verdict good") : Markup("verdict")) << "\">" << verdict << "</span> ";
    if (good) {
      out_ << "on " << NameOf(decision_.placements.front());
    } else {
      Code(decision_.code);
    }
    out_ << "</h1>\n<p class=\"" << (good ? Markup("message good") : Markup("message")) << "\">";
    out_.Words(MessageOf(decision_, request_, remedies_)) << "</p>\n";
    if (const std::string warning = OrganizationWarning(snapshot_, request_); !warning.empty()) {
      out_ << "<p class=\"problem\">";
      out_.Words(warning) << "</p>\n";
    }
    WriteContents();
    out_ << "</header>\n";
  }

  void WriteContents() {
    out_ << "<nav aria-label=\"Parts of this page\"><ul class=\"groups\">\n"
            "<li><a href=\"#request\">What is asked</a></li>\n";
    switch (decision_.verdict) {
      case Verdict::kAdmitted:
        out_ << "<li><a href=\"#placement\">Where it runs</a></li>\n";
        break;
      case Verdict::kRejected:
        out_ << "<li><a href=\"#waterfall\">Where candidates are lost</a></li>\n"
                "<li><a href=\"#remedies\">What would help</a> "
             << remedies_.size() << "</li>\n<li><a href=\"#reasons\">Reasons</a> " << decision_.reasons.size()
             << "</li>\n";
        break;
      case Verdict::kInvalid:
        out_ << "<li><a href=\"#violations\">What is wrong</a> " << decision_.violations.size() << "</li>\n";
        break;
    }
    if (decision_.verdict != Verdict::kInvalid) {
      out_ << "<li><a href=\"#candidates\">Candidates</a> " << decision_.candidates.size() << "</li>\n";
    }
    out_ << "</ul></nav>\n";
  }

  void WriteRequest() {
    BeginSection("request", "What is asked");
    out_ << "<dl class=\"facts\">\n";
    CodeFact("launch", request_.file, "without a file");
    CodeFact("sandbox", request_.sandbox_id, "not named");
    CodeFact("organization", request_.organization_id, "none");
    CodeFact("user", request_.user_id, "not named");
    NamesFact("profile", request_.profile_names, "none named");
    NamesFact("runner", request_.runner_ids, "any");
    CodeFact("runner group", request_.runner_group_id, "any");
    CodeFact("zone", request_.zone, "any");
    const ResourceRequest& requests = request_.effective_requests();
    const ResourceRequest& limits = request_.effective_limits();
    out_.Fact("CPU", AmountsText(requests.cpu, limits.cpu));
    out_.Fact("memory", AmountsText(requests.memory, limits.memory));
    out_.Fact("GPUs", GpuText(request_.gpu()));
    CodeFact("egress mode", request_.egress_mode, "the default of the profile");
    CodeFact("ingress mode", request_.ingress_mode, "none");
    if (!request_.exposed_ports.empty()) {
      std::vector<std::string> ports;
      for (const int64_t port : request_.exposed_ports) ports.push_back(std::to_string(port));
      NamesFact("exposed ports", ports, "none");
    }
    CodeFact("image", request_.container_image.value, "that of the profile");
    if (!request_.architecture.empty()) CodeFact("architecture", request_.architecture, "any");
    if (request_.privileged) out_.Fact("privileged", "yes");
    if (!request_.storage_classes.empty()) NamesFact("storage classes", request_.storage_classes, "any");
    if (request_.overrides != nullptr) {
      std::vector<std::string> names;
      for (const Member& member : request_.overrides->members) names.emplace_back(member.key);
      NamesFact("overrides", names, "none");
    }
    CodeFact("catalog", facts_.catalog_path, "without a file");
    out_.Fact("revision", std::to_string(snapshot_.revision()));
    out_ << "</dl>\n";
    EndSection();
  }

  // --- Admitted ---

  void WritePlacement() {
    const uint32_t placed = decision_.placements.front();
    const CompiledBinding& binding = snapshot_.bindings()[placed];
    const Runner& runner = *snapshot_.RunnerOf(binding).runner;
    const Resolved resolved = Engine::Resolve(*decision_.snapshot, placed, &request_, request_.organization_id);
    BeginSection("placement", "Where it runs");
    out_ << "<dl class=\"facts wide\">\n";
    CodeFact("runner", runner.runner_id, "");
    CodeFact("profile", binding.name, "");
    CodeFact("zone", runner.zone, "none");
    for (const HeaderLine& line : NetworkHeader(resolved)) out_.Fact(line.name, line.text);
    BeginFact("alternatives");
    const std::span<const uint32_t> others = decision_.placements.subspan(1);
    if (others.empty()) out_ << "none";
    for (size_t i = 0; i < others.size(); ++i) {
      if (i > 0) out_ << ", ";
      Binding(others[i]);
    }
    EndFact();
    out_ << "</dl>\n<p>Who set every field of its spec, and where:</p>\n";
    Command({"berth", "explain", "--catalog", facts_.catalog_path, "--runner", runner.runner_id, "--profile",
             binding.name, "--request", facts_.request_path, "--html", "explained.html"});
    EndSection();
  }

  // --- Rejected ---

  // Each part as wide as its share.
  void Bar(uint32_t visible, uint32_t left, uint32_t lost) {
    out_ << "<td class=\"share\"><span class=\"unseen\">" << left << " of " << visible
         << " left</span><span class=\"bar\" aria-hidden=\"true\">";
    if (left > 0) out_ << "<span class=\"left\" style=\"flex-grow:" << left << "\"></span>";
    if (lost > 0) out_ << "<span class=\"lost\" style=\"flex-grow:" << lost << "\"></span>";
    const uint32_t gone = visible - left - lost;
    if (gone > 0) out_ << "<span style=\"flex-grow:" << gone << "\"></span>";
    out_ << "</span></td>\n";
  }

  void GainCell(size_t remedy, uint32_t gain) {
    out_ << "<td data-label=\"#" << remedy + 1 << "\" class=\""
         << (gain == 0 ? Markup("number gain nothing") : Markup("number gain")) << "\">";
    if (gain > 0) out_ << "+";
    out_ << gain << "</td>\n";
  }

  void WriteWaterfall() {
    const Waterfall waterfall = WaterfallOf(decision_, request_, remedies_);
    BeginSection("waterfall", "Where candidates are lost");
    out_ << "<ul class=\"legend\">\n<li><span class=\"key left\"></span> left</li>\n"
            "<li><span class=\"key lost\"></span> lost at this step</li>\n"
            "<li><span class=\"key gone\"></span> lost before</li>\n</ul>\n"
            "<table class=\"waterfall\">\n<caption>A binding is lost at the first filter of the request that it does "
            "not pass, else at the first reason that keeps it from the launch.";
    if (!remedies_.empty()) {
      out_ << " Behind each step: how many of those lost at it each of the <a href=\"#remedies\">remedies</a> brings "
              "back.";
    }
    out_ << "</caption>\n<thead>\n<tr>\n";
    Heading("step", "step");
    Heading("share", "share");
    Heading("number lost-left", "lost");
    Heading("number lost-left", "left");
    for (size_t i = 0; i < remedies_.size(); ++i) {
      out_ << "<th scope=\"col\" class=\"number gain\"><a class=\"name\" href=\"#remedy-" << i + 1
           << "\"><span class=\"unseen\">remedy </span>#" << i + 1 << "</a></th>\n";
    }
    out_ << "</tr>\n</thead>\n<tbody>\n<tr>\n<th scope=\"row\">bindings that the organization sees</th>\n";
    Bar(waterfall.visible, waterfall.visible, 0);
    NoCell("number lost-left");
    NumberCell("left", "number lost-left", waterfall.visible);
    for (size_t i = 0; i < remedies_.size(); ++i) NoCell("number gain");
    out_ << "</tr>\n";
    std::vector<uint32_t> gains(remedies_.size());
    for (const WaterfallStep& step : waterfall.steps) {
      WriteStep(step, waterfall.visible);
      for (size_t i = 0; i < gains.size(); ++i) gains[i] += step.regained[i];
    }
    out_ << "</tbody>\n";
    if (!remedies_.empty()) {
      out_ << "<tfoot>\n<tr>\n<th scope=\"row\">brought back in all</th>\n";
      NoCell("share");
      NoCell("number lost-left");
      NoCell("number lost-left");
      for (size_t i = 0; i < gains.size(); ++i) GainCell(i, gains[i]);
      out_ << "</tr>\n</tfoot>\n";
    }
    out_ << "</table>\n";
    EndSection();
  }

  void WriteStep(const WaterfallStep& step, uint32_t visible) {
    out_ << "<tr>\n<th scope=\"row\">";
    const auto is_reason = [&](const ReasonInfo& info) {
      return info.name == step.name && info.capability == step.capability;
    };
    const auto info = std::ranges::find_if(Reasons(), is_reason);
    if (info == Reasons().end()) {
      out_ << step.name;
    } else {
      Reason(*info);
      out_.Element("span class=\"note\"", info->summary);
    }
    out_ << "</th>\n";
    Bar(visible, step.left, step.lost);
    NumberCell("lost", "number lost-left", step.lost);
    NumberCell("left", "number lost-left", step.left);
    for (size_t i = 0; i < step.regained.size(); ++i) GainCell(i, step.regained[i]);
    out_ << "</tr>\n";
  }

  void WriteRemedies() {
    BeginSection("remedies", "What would help");
    if (remedies_.empty()) {
      out_ << "<p>No single change that was tried helps. What each reason asks for:</p>\n<ul>\n";
      for (const Help& help : HelpAgainst(decision_, request_)) {
        out_ << "<li>";
        out_.Words(help.text) << " <span class=\"note\">" << help.reasons << "</span></li>\n";
      }
      out_ << "</ul>\n";
    } else {
      out_ << "<p>Each of these was tried: with all of it the launch is admitted, without any part of it not.</p>\n"
              "<ol class=\"cards\">\n";
      for (size_t i = 0; i < remedies_.size(); ++i) WriteRemedy(remedies_[i], i + 1);
      out_ << "</ol>\n";
    }
    EndSection();
  }

  void WriteRemedy(const Remedy& remedy, size_t number) {
    out_ << "<li class=\"card\" id=\"remedy-" << number << "\">\n<h3>#" << number << " ";
    for (const RemedyAction action : remedy.actions) {
      if (action != remedy.actions.front()) out_ << " + ";
      Code(RemedyActionName(action));
    }
    out_ << "</h3>\n<p>";
    out_.Words(RemedyText(remedy, decision_, request_)) << "</p>\n<dl class=\"facts\">\n";
    out_.Fact("admits", Counted(remedy.admits, "binding", "bindings"));
    if (remedy.placement) {
      BeginFact("first");
      Binding(*remedy.placement);
      EndFact();
    }
    if (!remedy.wait.empty()) WriteWait(remedy.wait);
    if (remedy.admin) WriteGuardrail(*remedy.admin);
    out_ << "</dl>\n";
    if (remedy.admin) {
      out_ << "<p class=\"note\">The new value</p>\n";
      Copyable(JsonForPage(*remedy.admin->value));
    }
    if (!remedy.changes.empty()) {
      out_ << "<p class=\"note\">JSON Patch for <code>" << request_.file << "</code></p>\n";
      std::string patch;
      JsonWriter writer(patch, JsonLayout::kIndented);
      WritePatch(remedy.changes, writer);
      Copyable(patch);
    }
    out_ << "</li>\n";
  }

  void WriteWait(std::span<const ReasonCode> codes) {
    Failures until;
    for (const ReasonCode code : codes) until.Add(code);
    BeginFact("until it passes");
    ReasonList(until);
    EndFact();
    out_.Fact("try again in", std::to_string(decision_.advice.retry_delay_seconds) + " s");
  }

  void WriteGuardrail(const GuardrailEdit& edit) {
    BeginFact("for");
    Binding(edit.binding);
    EndFact();
    BeginFact("set in");
    out_ << (edit.layer ? LayerName(*edit.layer) : std::string_view("organization"));
    if (!edit.source.empty()) out_.Place(edit.source);
    EndFact();
    CodeFact("field", edit.path, "");
    BeginFact("now");
    Value(edit.current);
    EndFact();
  }

  void WriteReasons() {
    BeginSection("reasons", "Reasons");
    out_ << "<table class=\"reasons\">\n<caption>";
    if (decision_.candidates.empty()) {
      out_ << "No binding passes the filters, so none was judged.";
    } else {
      out_ << "In order of precedence. Headline: candidates of which it is the first reason; all of these add up to "
           << decision_.candidates.size()
           << ". Blocked: candidates that fail it. Sole: candidates that fail nothing else.";
    }
    out_ << "</caption>\n<thead>\n<tr>\n";
    Heading("codes", "reason");
    Heading("asked", "asked");
    Heading("offered", "offered");
    Heading("number", "headline");
    Heading("number", "blocked");
    Heading("number", "sole");
    Heading("example", "example");
    Heading("owner", "who set it");
    out_ << "</tr>\n</thead>\n<tbody>\n";
    for (size_t i = 0; i < decision_.reasons.size(); ++i) WriteReason(decision_.reasons[i], i + 1);
    out_ << "</tbody>\n</table>\n";
    EndSection();
  }

  void WriteReason(const ReasonCount& reason, size_t row) {
    const ReasonInfo& info = InfoOf(reason.code);
    const ReasonDetail detail = DetailOf(decision_, request_, reason);
    out_ << "<tr id=\"reason-" << row << "\">\n<th scope=\"row\">";
    Code(info.name);
    out_ << " <span class=\"nothing\">" << detail.capability << "</span><span class=\"note\">" << info.summary
         << "</span>";
    for (const std::string& line : {detail.explanation, detail.suggestion}) {
      if (line.empty()) continue;
      out_ << "<span class=\"note\">";
      out_.Words(line) << "</span>";
    }
    out_ << "</th>\n";
    const Markup nothing = "<span class=\"nothing\">none</span>";
    BeginCell("asked", "asked");
    if (detail.requested) {
      out_.Element("code", *detail.requested) << "</td>\n";
    } else {
      out_ << nothing << "</td>\n";
    }
    BeginCell("offered", "offered");
    out_ << "<div>";
    Names(detail.offered, detail.offered_total, nothing);
    out_ << "</div></td>\n";
    NumberCell("headline", "number", reason.headline);
    NumberCell("blocked", "number", reason.blocked);
    NumberCell("sole", "number", reason.sole);
    BeginCell("example", "example");
    if (detail.example) {
      Binding(reason.example);
    } else {
      out_ << nothing;
    }
    out_ << "</td>\n";
    BeginCell("who set it", "owner");
    if (!detail.example || (detail.example->layer.empty() && detail.example->source.empty())) {
      out_ << nothing;
    } else {
      out_ << "<div>" << detail.example->layer;
      if (!detail.example->source.empty()) out_.Place(detail.example->source);
      out_ << "</div>";
    }
    out_ << "</td>\n</tr>\n";
  }

  // --- Candidates ---

  void WriteCandidates() {
    BeginSection("candidates", "Candidates");
    if (groups_.empty()) {
      out_ << "<p>None: no binding passes the filters of the request.</p>\n";
      return EndSection();
    }
    out_ << "<table class=\"candidates\">\n<caption>" << Counted(decision_.candidates.size(), "candidate", "candidates")
         << ".";
    if (groups_.size() > 1) out_ << " Those that fail the same stand together; those that fail least come first.";
    if (groups_.size() > kMaxGroups) {
      out_ << " Of " << groups_.size() << " sets of reasons the first " << kMaxGroups << " are shown.";
    }
    if (listed_.size() < decision_.candidates.size()) {
      out_ << " " << listed_.size() << " candidates are named here, at most " << max_of_group_
           << " of each set; <code>berth admit --all -o json</code> names all, and "
              "<code>--why-not RUNNER/PROFILE</code> asks about one.";
    }
    out_ << "</caption>\n<thead>\n<tr>\n";
    Heading("failures", "what keeps them out");
    Heading("number size", "candidates");
    Heading("who", "runner: profiles");
    out_ << "</tr>\n</thead>\n<tbody>\n";
    for (const Group& group : Shown(groups_, kMaxGroups)) WriteGroup(group);
    out_ << "</tbody>\n</table>\n";
    EndSection();
  }

  void WriteGroup(const Group& group) {
    out_ << "<tr>\n<th scope=\"row\">";
    if (group.failures.none()) {
      out_ << "nothing: can take the sandbox";
    } else {
      ReasonList(group.failures);
    }
    out_ << "</th>\n";
    NumberCell("candidates", "number", group.candidates.size());
    BeginCell("named", "who");
    const std::span<const uint32_t> shown = Shown(group.candidates, max_of_group_);
    WriteRunners(shown);
    if (const size_t more = group.candidates.size() - shown.size(); more > 0) {
      out_ << "<div class=\"note\">and " << more << " more</div>";
    }
    out_ << "</td>\n</tr>\n";
  }

  // An item for each runner, with those of its profiles that are among the candidates.
  void WriteRunners(std::span<const uint32_t> candidates) {
    const CompiledRunner* last = nullptr;
    out_ << "<ul class=\"places\">\n";
    for (const uint32_t i : candidates) {
      const CompiledBinding& binding = snapshot_.bindings()[decision_.candidates[i].binding];
      const CompiledRunner& runner = snapshot_.RunnerOf(binding);
      if (&runner == last) {
        out_ << ", ";
      } else {
        if (last != nullptr) out_ << "</li>\n";
        out_ << "<li>" << runner.runner->runner_id << ": ";
        last = &runner;
      }
      out_ << "<span id=\"candidate-" << i + 1 << "\">" << binding.name << "</span>";
    }
    out_ << "</li>\n</ul>";
  }

  // --- Invalid ---

  void WriteViolations() {
    BeginSection("violations", "What is wrong with the request");
    out_ << "<table class=\"violations\">\n<caption>" << Counted(decision_.violations.size(), "violation", "violations")
         << "; nothing was compared with the catalog.</caption>\n<thead>\n<tr>\n";
    Heading("field", "field");
    Heading("number line", "line");
    Heading("wrong", "what is wrong");
    out_ << "</tr>\n</thead>\n<tbody>\n";
    for (const Issue& violation : decision_.violations) {
      out_ << "<tr>\n<th scope=\"row\">";
      if (violation.field.empty()) {
        out_ << "the request";
      } else {
        out_.Element("code", violation.field);
      }
      out_ << "</th>\n";
      if (violation.position.known()) {
        NumberCell("line", "number line", violation.position.line);
      } else {
        NoCell("number line");
      }
      BeginCell("what is wrong", "wrong");
      out_ << "<div>";
      out_.Words(violation.message);
      if (!violation.suggestion.empty()) {
        out_ << "<span class=\"note\">";
        out_.Words(violation.suggestion) << "</span>";
      }
      out_ << "</div></td>\n</tr>\n";
    }
    out_ << "</tbody>\n</table>\n";
    EndSection();
  }

  const DecisionFacts& facts_;
  const DetailedDecision& decision_;
  const LaunchRequest& request_;
  const Snapshot& snapshot_;
  const std::vector<Remedy> remedies_;
  std::vector<Group> groups_;
  size_t max_of_group_ = 0;
  std::map<uint32_t, uint32_t> listed_;  // binding -> its place among the candidates, of those that are shown
  Html out_;
};

}  // namespace

std::string DecisionPage(const DecisionFacts& facts) { return Page(facts).Write(); }

}  // namespace berth::cli
