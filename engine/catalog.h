// A catalog as its sources wrote it: every object decoded and checked on its own, with all its issues.
//
// Loading never gives up: what cannot be parsed becomes a file-level issue, what is wrong inside an object refuses that
// object alone. Rules between objects, and of merged specs, come with the snapshot (berth/engine/snapshot.h), because
// an edit to one object can mend or break another.
//
// Threads:   pure functions; a Catalog is a value
// Cost:      linear in the bytes
// Not here:  reading files (berth/store/files.h)

#ifndef BERTH_ENGINE_CATALOG_H_
#define BERTH_ENGINE_CATALOG_H_

#include <span>
#include <string>
#include <vector>

#include "berth/spec/document.h"
#include "berth/spec/issue.h"
#include "berth/spec/objects.h"

namespace berth {

struct Catalog {
  std::vector<Object> objects;
  std::vector<Issue> issues;  // about files and top-level values; issues about objects are with them
  size_t files = 0;
  size_t unreadable_files = 0;  // not well formed
};

// Adds the objects of one parsed file, decoded, folded and checked on their own. What the parser found in an object
// refuses it.
void AddParsed(ParsedDocument parsed, Catalog& catalog);

// Parses a text (JSON by its `.json` name, else YAML) and adds its objects. Names of sources must be distinct in a
// catalog: they are part of the objects' keys.
void AddSource(std::shared_ptr<const SourceText> source, Catalog& catalog);

}  // namespace berth

#endif  // BERTH_ENGINE_CATALOG_H_
