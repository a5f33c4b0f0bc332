// Reads chosen rows by their keys.
#pragma once

#include <vector>

#include "engine/capture/reading/reading.h"

namespace engine::capture {

/// Brings the images of these keys up to date and journals it: rows that are there are marked as seen, images of rows that are gone are erased.
/// A key without row and image is nothing.
void read_keys(Reading& reading, std::vector<Recheck::Suspect> keys);

}  // namespace engine::capture
