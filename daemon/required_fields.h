// Which fields a message lacks that its .proto calls REQUIRED (google.api.field_behavior).
//
// Texts and numbers are judged; contents (`bytes`) may be empty.
//
// Threads:   pure function
// Cost:      linear in the message
// Tested by: tests/daemon_gateway_api_test.cc

#ifndef BERTH_DAEMON_REQUIRED_FIELDS_H_
#define BERTH_DAEMON_REQUIRED_FIELDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace berth {

// Paths such as `mounted_files[0].mount_path`; at most `max` of them.
std::vector<std::string> MissingFields(const google::protobuf::Message& message, size_t max);

}  // namespace berth

#endif  // BERTH_DAEMON_REQUIRED_FIELDS_H_
