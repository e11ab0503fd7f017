// A launch request straight from clean JSON: the short way for the hot path.
//
// It is never asked what is wrong, only what is certainly right: of anything out of the ordinary (a field it does not
// know or that stands twice, `overrides`, annotations, an escape in a name, an amount that draws a warning, a limit passed)
// it says false, and the caller takes ParseLaunchRequest, the only one that makes diagnostics. simdjson indexes the text
// and validates its UTF-8; one walk over the index checks the grammar and fills the request. Which fields there are, and
// how they are spelled, is read from the field table.
//
// Guarantees:  where Read says true, ParseLaunchRequest finds no issue in the same bytes, not even a warning, and gives the
//              same request, but for the positions, `node` and `file`, which stay empty here
// Ownership:   the request owns all of its values, the reader only memory
// Threads:     one thread for each reader
// Cost:        linear, no recursion deeper than a constant; allocates only to grow the reader or the request
// Example:     LaunchReader reader;
//              LaunchRequest request;
//              if (!reader.Read(json, request)) request = ParseLaunchRequest(source);  // the same bytes
// Tested by:   tests/spec_launch_reader_test.cc, fuzz/launch_reader_fuzzer.cc
// Not here:    whether the request makes sense (berth/validate/request.h); whoever tells a person what CheckLaunch finds
//              reads the request with ParseLaunchRequest first, which knows the places

#ifndef BERTH_SPEC_LAUNCH_READER_H_
#define BERTH_SPEC_LAUNCH_READER_H_

#include <memory>
#include <string_view>

#include "berth/spec/launch.h"

namespace berth {

class LaunchWalk;

class LaunchReader {
 public:
  LaunchReader();
  LaunchReader(const LaunchReader&) = delete;
  LaunchReader& operator=(const LaunchReader&) = delete;
  ~LaunchReader();

  // Reads `json` into `request`, whose strings and lists keep their memory. On false the request holds anything.
  [[nodiscard]] bool Read(std::string_view json, LaunchRequest& request);

 private:
  std::unique_ptr<LaunchWalk> walk_;
};

}  // namespace berth

#endif  // BERTH_SPEC_LAUNCH_READER_H_
