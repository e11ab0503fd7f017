// Writing JSON and YAML text that every reader takes for the same value.
//
// Guarantees:  the JSON is valid and UTF-8 whatever the texts hold (bytes that are not UTF-8 become U+FFFD); control
//              characters are escaped, so berth's own parsers accept what is written here
// Ownership:   the writer appends to a string that must outlive it
// Threads:     one thread for each writer
// Cost:        linear; the only allocations are the output's
// Example:     std::string out;
//              JsonWriter json(out);
//              json.BeginObject().Key("cpu").String("500m").EndObject();  // {"cpu":"500m"}
// Tested by:   tests/spec_writer_test.cc

#ifndef BERTH_SPEC_WRITER_H_
#define BERTH_SPEC_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

enum class JsonLayout : uint8_t {
  kCompact,   // one line, no blanks
  kIndented,  // a line for each member, two spaces for each level
};

// Commas, colons and line ends are the writer's. Calls must nest as JSON does: in an object a Key before each value.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, JsonLayout layout = JsonLayout::kCompact) : out_(out), layout_(layout) {}
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& BeginObject() { return Begin('{'); }
  JsonWriter& EndObject() { return End('}'); }
  JsonWriter& BeginArray() { return Begin('['); }
  JsonWriter& EndArray() { return End(']'); }
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view text);
  JsonWriter& Int(int64_t value);
  JsonWriter& Uint(uint64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // `json` must be one JSON value; it is written as it is.
  JsonWriter& Raw(std::string_view json);

 private:
  JsonWriter& Begin(char bracket);
  JsonWriter& End(char bracket);
  // What stands between the value before and the one that comes.
  void Separate();
  void StartLine();

  std::string& out_;
  JsonLayout layout_;
  bool after_key_ = false;
  std::vector<bool> has_members_;  // for each open bracket
};

// `text` in double quotes, escaped.
void AppendJsonString(std::string_view text, std::string& out);

// `text` as a YAML scalar: plain where YAML 1.1 and YAML 1.2 both read just this text, inside brackets as well as in a
// block, else in double quotes.
void AppendYamlScalar(std::string_view text, std::string& out);

}  // namespace berth

#endif  // BERTH_SPEC_WRITER_H_
