// Credentials of a connection as they leave the settings.
#include <doctest/doctest.h>

#include "engine/base/secret.h"
#include "test/engine/settings/instance_folder.h"

using namespace engine::settings;

TEST_CASE("a user that is the key itself may be a secret, and is masked like one") {
  test_settings::InstanceFolder folder;
  folder.write("secrets/desk_key", "key-of-the-desk\n");
  folder.write("connections/desk.yaml",
               "connection: desk\ntarget: tickets\nurl: https://desk.example.com\noptions: { key_field: K }\n"
               "auth: { user: \"${secret:desk_key}\", password: X }\n");
  Diagnostics diagnostics;
  const Instance instance = load_instance(folder.path(), test_settings::catalogues(), {}, diagnostics);
  CHECK_MESSAGE(diagnostics.ok(), test_settings::text_of(diagnostics));
  CHECK(std::get<BasicAuth>(instance.targets.at("desk").auth).user == "key-of-the-desk");
  CHECK(engine::redact("401 for key-of-the-desk") == "401 for ***");
}
