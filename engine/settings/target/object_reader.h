// The parts of a target definition: requests, calls, objects, batches. Shipped definitions nest a call's request under
// `request:`; a connection's `requests:` writes it flat. Both forms are taken in both places.
#pragma once

#include <optional>
#include <string>

#include "engine/settings/map_reader.h"
#include "engine/settings/target_definition.h"

namespace engine::settings {

/// The keys of one request: method, path, query, headers, body, gone, absent.
RequestTemplate read_request(MapReader& reader);

/// The entries of an object: calls by their names, `find`, `read_back`, `batch`. Adds to `object`, over what is there.
void read_object(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics);

/// `batch: { upsert: {…} }`
void read_batches(const YamlNode& map, ObjectDefinition& object, Diagnostics& diagnostics);

/// A JSON pointer, or empty; one that does not begin with '/' is reported.
std::string take_pointer(MapReader& reader, const char* key);

/// `values`, `fields` and `other_fields` of an object.
void read_object_fields(MapReader& reader, ObjectDefinition& object);
/// `where` and `pages` of a find.
void read_narrowing(MapReader& reader, FindDefinition& find);

}  // namespace engine::settings
