// `auth:`: how an API is entered, said by its definition, and with what, said by a connection.
#pragma once

#include "engine/settings/connection_definition.h"
#include "engine/settings/map_reader.h"
#include "engine/settings/read/placeholders.h"

namespace engine::settings {

/// The definition's half: which credentials there are, what is derived from them, which requests log in, what joins all
/// others.
AuthDefinition read_auth_definition(const YamlNode& map, Diagnostics& diagnostics);

/// `map` is null where the connection has no `auth:`, which is reported where the definition needs one. Options must
/// already stand in the definition.
Auth read_auth(const YamlNode* map, const YamlNode& connection, const TargetDefinition& definition,
               const SecretLookup& secrets, Diagnostics& diagnostics);

/// Warns where no `${secret:x}` stands.
void warn_of_clear_text(const YamlNode& value, const std::string& named, Diagnostics& diagnostics);

/// A credential. One that stands in the file itself works, but ends up in the version control of the configuration.
Secret take_secret(MapReader& reader, const char* key, const SecretLookup& secrets);

}  // namespace engine::settings
