#include "engine/capture/lookout.h"

#include "engine/capture/reading/pass.h"

namespace engine::capture {

void Lookout::read_all(Reading& reading) { Pass(reading).run(); }

}  // namespace engine::capture
