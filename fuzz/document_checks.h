// What must hold of every parsed text and every list of issues, whatever the bytes were.

#ifndef BERTH_FUZZ_DOCUMENT_CHECKS_H_
#define BERTH_FUZZ_DOCUMENT_CHECKS_H_

#include <cstddef>
#include <span>

#include "berth/spec/document.h"
#include "berth/spec/issue.h"

namespace berth {

// The half-open range of bytes of a file that something may point into.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
};

// Every value lies inside `range` and inside the value around it; members stand in the order of the file.
void RequireValuesInside(Value root, ByteRange range);

// Every issue says what is wrong at a place inside `range` of the file (its end included), or at no place at all.
void RequireIssuesInside(std::span<const Issue> issues, const SourceText& source, ByteRange range);

// Both of a whole file, and the number of issues its parser may report.
void RequireSound(const ParsedDocument& parsed, const SourceText& source);

}  // namespace berth

#endif  // BERTH_FUZZ_DOCUMENT_CHECKS_H_
