// The smallest parts of a tree as YAML: values that fit on one line.
//
// Guarantees:  whatever the texts hold, a YAML 1.1 or 1.2 reader takes the line for the same value
// Threads:     pure functions

#ifndef BERTH_CLI_YAML_TEXT_H_
#define BERTH_CLI_YAML_TEXT_H_

#include <string>
#include <string_view>

#include "berth/spec/node.h"

namespace berth::cli {

// `key:`, quoted where it has to be.
std::string YamlKey(std::string_view key);

// A scalar, an empty map, an empty list, or a short list of these in brackets. Empty: the value takes lines of its own.
std::string YamlInline(const Node& node);

}  // namespace berth::cli

#endif  // BERTH_CLI_YAML_TEXT_H_
