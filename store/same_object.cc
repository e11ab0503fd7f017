#include "berth/store/same_object.h"

#include <algorithm>
#include <string_view>

#include "berth/spec/node.h"

namespace berth {
namespace {

// SameValue is not enough: places are printed.
bool SameTree(const NodeRef& a, const NodeRef& b) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr) return false;
  if (a->kind != b->kind || a->layer != b->layer || a->resets != b->resets || a->refused != b->refused ||
      a->position != b->position || std::string_view(a->text) != std::string_view(b->text)) {
    return false;
  }
  const auto same_member = [](const Member& x, const Member& y) {
    return std::string_view(x.key) == std::string_view(y.key) && x.written == y.written && x.position == y.position &&
           SameTree(x.value, y.value);
  };
  return std::ranges::equal(a->members, b->members, same_member) && std::ranges::equal(a->items, b->items, SameTree);
}

bool SameIssue(const Issue& a, const Issue& b) {
  return a.code == b.code && a.message == b.message && a.file == b.file && a.position == b.position &&
         a.path == b.path && a.suggestion == b.suggestion;
}

}  // namespace

bool SameObject(const Object& a, const Object& b) {
  return a.key == b.key && a.file == b.file && a.position == b.position && a.path == b.path && a.form == b.form &&
         a.refused == b.refused && a.value.index() == b.value.index() && SameTree(a.node, b.node) &&
         SameIssues(a.issues, b.issues);
}

bool SameIssues(const std::vector<Issue>& a, const std::vector<Issue>& b) {
  return std::ranges::equal(a, b, SameIssue);
}

}  // namespace berth
