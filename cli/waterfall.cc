#include "berth/cli/waterfall.h"

#include <string>
#include <utility>
#include <vector>

namespace berth::cli {
namespace {

constexpr size_t kBarColumns = 24;

// As long as the part that is left; never empty while something is.
std::string Bar(uint32_t left, uint32_t visible, bool utf8) {
  if (left == 0) return {};
  const size_t columns = std::max<size_t>(size_t{left} * kBarColumns / visible, 1);
  std::string bar;
  for (size_t i = 0; i < columns; ++i) bar.append(utf8 ? "\xE2\x96\x88" : "#");
  return bar;
}

}  // namespace

void PrintWaterfall(const Waterfall& waterfall, size_t remedies, Stream& out) {
  std::vector<std::string> numbers;
  for (size_t i = 0; i < remedies; ++i) numbers.push_back("#" + std::to_string(i + 1));
  std::vector<std::string_view> headings = {"LOST TO", "LOST", "LEFT", ""};
  headings.insert(headings.end(), numbers.begin(), numbers.end());
  Table table(std::move(headings));
  const bool utf8 = out.shows_utf8();
  Table::Row first = {"(bindings that the organization sees)",
                      "",
                      std::to_string(waterfall.visible),
                      {Bar(waterfall.visible, waterfall.visible, utf8), Style::kNote}};
  first.resize(first.size() + remedies, Table::Cell(""));
  table.Add(std::move(first));
  for (const WaterfallStep& step : waterfall.steps) {
    std::string name(step.name);
    if (step.name == "ORGANIZATION_QUOTA_EXCEEDED") name.append(" ").append(step.capability);
    Table::Row row = {{std::move(name), Style::kStrong},
                      std::to_string(step.lost),
                      std::to_string(step.left),
                      {Bar(step.left, waterfall.visible, utf8), Style::kNote}};
    for (const uint32_t regained : step.regained) {
      row.emplace_back(regained == 0 ? std::string("-") : "+" + std::to_string(regained), Style::kGood);
    }
    table.Add(std::move(row));
  }
  out << "\n";
  table.Print(2, out);
}

}  // namespace berth::cli
