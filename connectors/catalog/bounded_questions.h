// Who asks a database something beside reading its tables, bounded as a source is: no call into a driver is waited for without end.
#pragma once

#include <functional>
#include <memory>

#include "engine/base/threads/leavable_thread.h"
#include "engine/model/source/catalogue.h"
#include "engine/model/source/question.h"
#include "engine/settings/connection_definition.h"

namespace connectors::catalog {

using MakeBoundInquirer = std::function<std::unique_ptr<engine::model::Inquirer>(std::shared_ptr<engine::SignOfLife>)>;
std::unique_ptr<engine::model::Inquirer> bounded_inquirer(const engine::settings::SourceConnection& connection, MakeBoundInquirer make);

using MakeBoundCatalogue = std::function<std::unique_ptr<engine::model::Catalogue>(std::shared_ptr<engine::SignOfLife>)>;
std::unique_ptr<engine::model::Catalogue> bounded_catalogue(const engine::settings::SourceConnection& connection, MakeBoundCatalogue make);

}  // namespace connectors::catalog
