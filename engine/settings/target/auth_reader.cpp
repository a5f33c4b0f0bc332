#include "engine/settings/target/auth_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/settings/target/object_reader.h"

namespace engine::settings {
namespace {

using Grant = OAuth2Protocol::Grant;

constexpr const char* ways = "write { bearer: … }, { header: …, value: … }, { query: …, value: … }, { user: …, password: … } or { oauth2: … }";

/// Placeholders name these: {auth.name}.
void check_name(const std::string& name, const Origin& origin, Diagnostics& diagnostics) {
  const bool is_good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (is_good && !name.empty()) return;
  diagnostics.error("value.type", origin, fmt::format("'{}' is no name for {{auth.…}}: small letters, digits and '_'", name));
}

/// Over what is there already: a definition is read first, then what a connection says of its own contract.
void take_protocol(MapReader& reader, OAuth2Protocol& protocol) {
  protocol.origin = reader.node().origin();
  protocol.grant = reader.one_of("grant", protocol.grant,
                                 {{"client_credentials", Grant::client_credentials},
                                  {"refresh_token", Grant::refresh_token},
                                  {"password", Grant::password},
                                  {"jwt_bearer", Grant::jwt_bearer}});
  for (const auto& [key, text] : {std::pair{"token_url", &protocol.token_url},
                                  {"scope", &protocol.scope},
                                  {"audience", &protocol.audience}}) {
    *text = reader.text(key, *text);
  }
  if (reader.has("client_in")) protocol.client_in_header = reader.one_of("client_in", false, {{"body", false}, {"header", true}});
  for (auto& [name, value] : reader.named_texts("parameters")) protocol.parameters.insert_or_assign(name, value);
}

DerivedValue read_derived(const YamlNode& map, const std::string& name, Diagnostics& diagnostics) {
  using Form = DerivedValue::Form;
  MapReader reader(map, derive_block(), fmt::format("the derived value '{}'", name), diagnostics);
  DerivedValue derived;
  int forms = 0;
  for (const auto& [key, form] : {std::pair{"text", Form::text}, {"base64", Form::base64}, {"md5", Form::md5}, {"sha256", Form::sha256}}) {
    if (!reader.has(key)) continue;
    ++forms;
    derived = {form, reader.text(key)};
  }
  reader.finish();
  if (reader.is_map() && forms != 1) {
    diagnostics.error("key.missing", map.origin(), fmt::format("'{}' is made in one way: text, base64, md5 or sha256", name));
  }
  return derived;
}

/// What a login keeps of its answer is known by name to later requests.
LoginRequest read_login(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, login_block(), "the login request", diagnostics);
  LoginRequest login;
  if (const YamlNode* request = reader.require("request")) {
    MapReader request_reader(*request, request_block(), "the request", diagnostics);
    login.request = read_request(request_reader);
    request_reader.finish();
  }
  const YamlNode* keep = reader.require("keep");
  for (const auto& [name, pointer] : reader.text_map("keep")) {
    const Origin& origin = keep->origin();
    check_name(name, origin, diagnostics);
    if (!pointer.starts_with('/')) {
      diagnostics.error("value.type", origin, fmt::format("'{}' is '{}', but a JSON pointer begins with '/'", name, pointer));
      continue;
    }
    login.keep.emplace(name, pointer);
  }
  // Some APIs answer a refused login by 200: only what is missing from the answer tells it.
  if (keep != nullptr && keep->is_map() && keep->entries().empty()) {
    diagnostics.error("key.missing", keep->origin(), "the login request keeps nothing of its answer, so any answer would count as logged in",
                      "name what a good answer holds: keep: { session: /result/sessionName }");
  }
  reader.finish();
  return login;
}

void read_send(const YamlNode& map, AuthDefinition& auth, Diagnostics& diagnostics) {
  MapReader reader(map, auth_send_block(), "'send' of auth", diagnostics);
  auth.headers = reader.headers("headers");
  auth.query = reader.named_texts("query");
  reader.finish();
}

void read_credentials(MapReader& reader, AuthDefinition& auth) {
  static constexpr std::pair<const char*, CredentialKind> kinds[] = {
      {"shown", CredentialKind::shown}, {"secret", CredentialKind::secret}, {"optional", CredentialKind::optional}};
  for (const auto& [name, word] : reader.text_map("credentials")) {
    const Origin& origin = reader.node().find("credentials")->origin();
    check_name(name, origin, reader.diagnostics());
    const auto kind = std::find_if(std::begin(kinds), std::end(kinds), [&kind_word = word](const auto& each) { return kind_word == each.first; });
    if (kind != std::end(kinds)) {
      auth.credentials.emplace(name, kind->second);
    } else {
      reader.diagnostics().error("value.unknown", origin, fmt::format("the credential '{}' is '{}', but may be shown, secret or optional", name, word));
    }
  }
}

/// The connection's half of OAuth 2, over its definition's.
OAuth2Auth read_oauth2(const YamlNode& map, const TargetDefinition& definition, const SecretLookup& secrets, Diagnostics& diagnostics) {
  MapReader reader(map, oauth2_block(), "oauth2", diagnostics);
  OAuth2Auth oauth2;
  if (definition.auth.oauth2) oauth2.protocol = *definition.auth.oauth2;
  take_protocol(reader, oauth2.protocol);
  oauth2.client_id = reader.text("client_id");
  oauth2.user = reader.text("user");
  for (const auto& [key, secret] : {std::pair{"client_secret", &oauth2.client_secret},
                                    {"refresh_token", &oauth2.refresh_token},
                                    {"password", &oauth2.password},
                                    {"key", &oauth2.key}}) {
    if (reader.has(key)) *secret = take_secret(reader, key, secrets);
  }
  const auto demand = [&](bool is_there, const char* key) {
    if (is_there || !reader.is_map() || reader.has(key)) return;
    diagnostics.error("key.missing", map.origin(), fmt::format("oauth2 needs '{}'", key));
  };
  const Grant grant = oauth2.protocol.grant;
  demand(grant != Grant::none, "grant");
  demand(!oauth2.protocol.token_url.empty(), "token_url");
  demand(!oauth2.client_id.empty(), "client_id");
  demand(grant != Grant::client_credentials || !oauth2.client_secret.empty(), "client_secret");
  demand(grant != Grant::refresh_token || !oauth2.refresh_token.empty(), "refresh_token");
  demand(grant != Grant::password || !oauth2.password.empty(), "password");
  demand((grant != Grant::password && grant != Grant::jwt_bearer) || !oauth2.user.empty(), "user");
  demand(grant != Grant::jwt_bearer || !oauth2.key.empty(), "key");
  const std::string& url = oauth2.protocol.token_url;
  if (!url.empty() && !url.starts_with('/') && !url.starts_with("https://") && !url.starts_with("http://")) {
    diagnostics.error("value.type", map.origin(), fmt::format("the token_url '{}' must start with https:// or '/'", url));
  }
  reader.finish();
  return oauth2;
}

/// Exactly those that the definition asks for: one too many is as wrong as one too few.
CredentialsAuth take_credentials(const YamlNode& map, const TargetDefinition& definition, const SecretLookup& secrets, Diagnostics& diagnostics) {
  CredentialsAuth auth;
  const auto& wanted = definition.auth.credentials;
  std::vector<std::string> names;
  for (const auto& [name, kind] : wanted) names.push_back(name);
  if (!map.is_map()) refuse_kind(map, "'credentials' of auth", "a map", diagnostics);
  for (const YamlEntry& entry : map.entries()) {
    const auto kind = wanted.find(entry.key);
    if (kind == wanted.end()) {
      diagnostics.error("key.unknown", entry.origin, fmt::format("the target '{}' asks for no '{}'", definition.name, entry.key),
                        names.empty() ? ways : did_you_mean(entry.key, names, "it asks for " + listed(names, "and")));
    } else if (!entry.value.is_scalar()) {
      refuse_kind(entry.value, fmt::format("'{}' of credentials", entry.key), "a text", diagnostics);
    } else if (kind->second == CredentialKind::shown && !holds_secret(entry.value)) {
      auth.shown.emplace(entry.key, entry.value.text());
    } else {
      warn_of_clear_text(entry.value, fmt::format("'{}' of credentials", entry.key), diagnostics);
      auth.secret.emplace(entry.key, secrets.secret(entry.value, diagnostics));
    }
  }
  for (const auto& [name, kind] : wanted) {
    if (kind == CredentialKind::optional || map.find(name) != nullptr || !map.is_map()) continue;
    diagnostics.error("key.missing", map.origin(), fmt::format("the target '{}' asks for the credential '{}'", definition.name, name));
  }
  return auth;
}

/// For people: the shortest way that this target offers.
std::string ways_into(const TargetDefinition& definition) {
  const AuthDefinition& auth = definition.auth;
  if (auth.is_own_way()) {
    std::string text;
    for (const auto& [name, kind] : auth.credentials) {
      if (kind != CredentialKind::optional) text += (text.empty() ? "" : ", ") + name + ": …";
    }
    return "write auth: { credentials: { " + text + " } }";
  }
  return auth.oauth2 ? "write auth: { oauth2: { client_id: …, client_secret: … } }" : ways;
}

/// The first way that is written counts. Keys of a second one stay untaken, and `finish` reports them.
Auth read_way(MapReader& reader, const TargetDefinition& definition, const SecretLookup& secrets) {
  if (reader.has("bearer")) return BearerAuth{take_secret(reader, "bearer", secrets)};
  if (reader.has("header")) {
    std::string name = reader.required_text("header");
    return HeaderAuth{std::move(name), take_secret(reader, "value", secrets)};
  }
  if (reader.has("query")) {
    std::string name = reader.required_text("query");
    return QueryAuth{std::move(name), take_secret(reader, "value", secrets)};
  }
  if (reader.has("oauth2")) {
    const YamlNode* oauth2 = reader.take("oauth2");
    return oauth2 == nullptr ? Auth(NoAuth{}) : read_oauth2(*oauth2, definition, secrets, reader.diagnostics());
  }
  if (reader.has("credentials")) {
    const YamlNode* credentials = reader.take("credentials");
    return credentials == nullptr ? Auth(NoAuth{}) : take_credentials(*credentials, definition, secrets, reader.diagnostics());
  }
  if (reader.has("user")) {
    // Some APIs take their key for the user, and any word for the password.
    reader.required_text("user");
    const YamlNode* user = reader.node().find("user");
    std::string name = user->is_scalar() ? secrets.filled(*user, reader.diagnostics()) : std::string();
    return BasicAuth{std::move(name), take_secret(reader, "password", secrets)};
  }
  if (reader.is_map()) {
    reader.diagnostics().error("key.missing", reader.node().origin(), "auth says no way to enter", ways_into(definition));
    // One problem is enough: whatever stands here is not reported a second time.
    for (const Key& key : auth_block().keys) reader.take_any(key.name);
  }
  return NoAuth{};
}

}  // namespace

AuthDefinition read_auth_definition(const YamlNode& map, Diagnostics& diagnostics) {
  MapReader reader(map, auth_definition_block(), "auth", diagnostics);
  AuthDefinition auth;
  auth.origin = map.origin();
  if (const YamlNode* oauth2 = reader.take("oauth2")) {
    MapReader oauth2_reader(*oauth2, oauth2_definition_block(), "oauth2", diagnostics);
    take_protocol(oauth2_reader, auth.oauth2.emplace());
    oauth2_reader.finish();
  }
  read_credentials(reader, auth);
  if (const YamlNode* derive = reader.take("derive")) {
    if (!derive->is_map()) refuse_kind(*derive, reader.named("derive"), "a map", diagnostics);
    for (const YamlEntry& entry : derive->entries()) {
      check_name(entry.key, entry.origin, diagnostics);
      auth.derive.emplace(entry.key, read_derived(entry.value, entry.key, diagnostics));
    }
  }
  if (const YamlNode* login = reader.take("login")) {
    if (!login->is_sequence()) refuse_kind(*login, reader.named("login"), "a list of requests", diagnostics);
    for (const YamlNode& item : login->items()) auth.login.push_back(read_login(item, diagnostics));
  }
  if (const YamlNode* send = reader.take("send")) read_send(*send, auth, diagnostics);
  auth.idle_ms = reader.duration_ms("idle", 0, 1'000);
  auth.life_ms = reader.duration_ms("life", 0, 1'000);
  reader.finish();
  return auth;
}

Auth read_auth(const YamlNode* map, const YamlNode& connection, const TargetDefinition& definition,
               const SecretLookup& secrets, Diagnostics& diagnostics) {
  if (map == nullptr) {
    if (definition.auth.is_own_way() || definition.auth.oauth2) {
      diagnostics.error("key.missing", connection.origin(), fmt::format("the target '{}' needs 'auth'", definition.name), ways_into(definition));
    }
    return NoAuth{};
  }
  MapReader reader(*map, auth_block(), "auth", diagnostics);
  Auth auth = read_way(reader, definition, secrets);
  reader.finish();
  return auth;
}

void warn_of_clear_text(const YamlNode& value, const std::string& named, Diagnostics& diagnostics) {
  if (holds_secret(value)) return;
  diagnostics.warning("secret.in_clear", value.origin(), fmt::format("{} stands readable in the file", named),
                      "write ${secret:name} and keep the value in secrets/name");
}

Secret take_secret(MapReader& reader, const char* key, const SecretLookup& secrets) {
  reader.required_text(key);
  const YamlNode* value = reader.node().find(key);
  if (value == nullptr || !value->is_scalar()) return {};
  warn_of_clear_text(*value, reader.named(key), reader.diagnostics());
  return secrets.secret(*value, reader.diagnostics());
}

}  // namespace engine::settings
