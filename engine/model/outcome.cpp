#include "engine/model/outcome.h"

#include <array>

namespace engine::model {

std::string_view name_of(const DeliveryOutcome& outcome) {
  static constexpr std::array<std::string_view, std::variant_size_v<DeliveryOutcome>> names = {
      "delivered", "duplicate", "partial", "retry_later", "permanent", "uncertain", "accepted"};
  return names[outcome.index()];
}

}  // namespace engine::model
