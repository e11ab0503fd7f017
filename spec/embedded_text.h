// The text inside a string scalar of a file, and where each of its bytes stands in that file.
//
// A scalar's quoting hides where its text came from: escapes, folded lines and indentation are gone. An OffsetMap
// remembers, so that a mistake in JSON inside a string is shown at the very byte of the file that holds it.
//
// Ownership:   EmbeddedText owns its text, and shares the text around it when it is embedded twice
// Threads:     immutable once made
// Cost:        one entry for each escape or line of the scalar; a lookup is O(log entries)
// Not here:    parsing the text (berth/spec/json_reader.h)

#ifndef BERTH_SPEC_EMBEDDED_TEXT_H_
#define BERTH_SPEC_EMBEDDED_TEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

// Maps offsets in a decoded text to offsets in the text it was decoded from.
class OffsetMap {
 public:
  // Where a text without bytes stands.
  void StartAt(uint32_t source) { start_ = source; }
  // The next `size` decoded bytes are copies of as many bytes from `source` on.
  void Copy(uint32_t size, uint32_t source);
  // The next `size` decoded bytes stand for the bytes [source, source_end): an escape or a line fold.
  void Replace(uint32_t size, uint32_t source, uint32_t source_end);

  // Where the decoded byte `offset` starts; past the last byte, where that one ends.
  [[nodiscard]] uint32_t Begin(uint32_t offset) const;
  // Where the decoded bytes before `offset` end.
  [[nodiscard]] uint32_t End(uint32_t offset) const;

  [[nodiscard]] uint32_t decoded_size() const { return size_; }

 private:
  struct Segment {
    uint32_t begin = 0;
    uint32_t source = 0;
    uint32_t source_end = 0;  // 0: a copy, byte by byte
  };
  // The segment of the decoded byte `offset`; there must be one.
  [[nodiscard]] const Segment& At(uint32_t offset) const;

  std::vector<Segment> segments_;
  uint32_t size_ = 0;
  uint32_t start_ = 0;
};

struct EmbeddedText {
  std::string text;
  OffsetMap map;                               // to offsets in `parent`'s text, or in the file
  std::shared_ptr<const EmbeddedText> parent;  // null when the scalar stands in the file itself

  // The same as OffsetMap's, but all the way to the file.
  [[nodiscard]] uint32_t FileBegin(uint32_t offset) const;
  [[nodiscard]] uint32_t FileEnd(uint32_t offset) const;
};

// Decodes a scalar again from `raw`, its bytes in the text around it from `raw_begin` on, keeping track of offsets.
// `raw` is a JSON or YAML double-quoted, single-quoted, literal or folded scalar when `quoted`, else a plain one.
// `decoded` is the scalar's text as its parser read it. Should both differ, every offset maps to the scalar's start.
EmbeddedText MapScalar(std::string_view raw, uint32_t raw_begin, bool quoted, std::string_view decoded);

}  // namespace berth

#endif  // BERTH_SPEC_EMBEDDED_TEXT_H_
