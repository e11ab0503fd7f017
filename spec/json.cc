#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "berth/spec/document.h"
#include "berth/spec/embedded_text.h"
#include "berth/spec/json_reader.h"
#include "berth/spec/limits.h"
#include "berth/spec/tree_builder.h"

namespace berth {

ParsedDocument ParseJson(std::shared_ptr<const SourceText> source) {
  const std::string_view text = source->bytes();
  if (text.size() > kMaxFileBytes) {
    TreeBuilder builder(std::move(source), nullptr, 0);
    builder.Fail(IssueCode::kLimitExceeded, 0,
                 "the file has more than " + std::to_string(kMaxFileBytes) + " bytes: split it into several files");
    return builder.Finish();
  }
  TreeBuilder builder(std::move(source), nullptr, text.size());
  ReadJson(text, text.starts_with("\xEF\xBB\xBF") ? 3 : 0, IssueCode::kSyntax, builder);
  return builder.Finish();
}

ParsedDocument ParseEmbeddedJson(Value outer) {
  const Document& document = outer.document();
  const Document::Node& node = document.nodes_[outer.index_];
  const std::string_view around =
      document.embedded_ == nullptr ? document.source().bytes() : std::string_view(document.embedded_->text);
  auto embedded = std::make_shared<EmbeddedText>(MapScalar(around.substr(node.begin, node.end - node.begin), node.begin,
                                                           outer.kind() == ValueKind::kString, outer.text()));
  embedded->parent = document.embedded_;
  const std::string_view text = embedded->text;
  TreeBuilder builder(document.shared_source(), std::move(embedded), text.size());
  if (text.size() > kMaxEmbeddedJsonBytes) {
    builder.Fail(IssueCode::kLimitExceeded, 0,
                 "the JSON text has more than " + std::to_string(kMaxEmbeddedJsonBytes) + " bytes: shorten it");
  } else {
    ReadJson(text, 0, IssueCode::kEmbeddedJson, builder);
  }
  return builder.Finish();
}

}  // namespace berth
