// The keys of `auth:`, in a connection and in a target definition.
#include "engine/settings/schema/keys.h"

namespace engine::settings {
namespace {

/// What an API fixes; a connection may say it as well, where its definition does not.
std::vector<Key> oauth2_protocol_keys() {
  return {{.name = "grant",
           .about = "How a token is got.",
           .choices = {"client_credentials", "refresh_token", "password", "jwt_bearer"}},
          {"token_url", KeyType::text, "Where tokens are given out; one that begins with '/' stands behind the connection's url."},
          {"scope", KeyType::text, "What the token shall allow."},
          {.name = "client_in",
           .about = "Where the client's id and secret stand.",
           .fallback = "body",
           .choices = {"body", "header"}},
          {"parameters", KeyType::text_map, "More parameters of the token request."},
          {"audience", KeyType::text, "Of jwt_bearer: whom the assertion is for; without it the token_url."}};
}

}  // namespace

const Block& auth_block() {
  static const Block block{
      "auth",
      "How the API is entered: one of these ways.",
      {{"bearer", KeyType::text, "A token, sent as `Authorization: Bearer …`."},
       {"header", KeyType::text, "The header that carries the key, with `value`."},
       {"query", KeyType::text, "The parameter that carries the key, with `value`; a header is kept in fewer logs."},
       {"value", KeyType::text, "What that header or parameter holds; may hold ${secret:name}."},
       {"user", KeyType::text, "The user of basic authentication, with `password`."},
       {"password", KeyType::text, "That user's password; may hold ${secret:name}."},
       {"oauth2", KeyType::block, "Tokens of OAuth 2, renewed before they expire.", "", &oauth2_block()},
       {"credentials", KeyType::text_map,
        "What the definition's own way to enter asks for, by name; may hold ${secret:name}."}}};
  return block;
}

const Block& oauth2_block() {
  static const Block block = [] {
    Block oauth2{"oauth2", "OAuth 2, over what the definition says.", oauth2_protocol_keys()};
    const std::vector<Key> own{
        {"client_id", KeyType::text, "The application's id."},
        {"client_secret", KeyType::text, "Its secret; may hold ${secret:name}."},
        {"refresh_token", KeyType::text,
         "Of refresh_token: the first one; the newer ones are kept in `tokens/` beside the journal."},
        {"user", KeyType::text, "Of password and jwt_bearer: in whose name."},
        {"password", KeyType::text, "Of password: that user's; may hold ${secret:name}."},
        {"key", KeyType::text, "Of jwt_bearer: the private RSA key that signs, as PEM; may hold ${secret:name}."}};
    oauth2.keys.insert(oauth2.keys.end(), own.begin(), own.end());
    return oauth2;
  }();
  return block;
}

const Block& oauth2_definition_block() {
  static const Block block{"oauth2 definition", "What the API fixes of OAuth 2; a connection adds its credentials.",
                           oauth2_protocol_keys()};
  return block;
}

const Block& derive_block() {
  static const Block block{"derived value",
                           "A value made of others: one of the ways. {auth.name} stands for credentials and kept values.",
                           {{"text", KeyType::text, "The text itself."},
                            {"base64", KeyType::text, "The text as base64."},
                            {"md5", KeyType::text, "Its MD5 in lower-case hex."},
                            {"sha256", KeyType::text, "Its SHA-256 in lower-case hex."}}};
  return block;
}

const Block& login_block() {
  static const Block block{
      "login request",
      "A request of the login; {auth.name} stands for credentials, derived values, and what earlier answers gave.",
      {{"request", KeyType::block, "The request.", "", &request_block()},
       {.name = "keep", .type = KeyType::text_map, .about = "Names for what the answer tells, by JSON pointer; an answer without one is a refusal.",
        .required = true}}};
  return block;
}

const Block& auth_send_block() {
  static const Block block{"send",
                           "What joins every request; an entry with an optional credential that is not given is left out.",
                           {{"headers", KeyType::text_map, "Headers, with {auth.name}."},
                            {"query", KeyType::text_map, "Parameters, with {auth.name}."}}};
  return block;
}

const Block& auth_definition_block() {
  static const Block block{
      "auth definition",
      "How this API is entered, so that a connection gives credentials alone.",
      {{"oauth2", KeyType::block, "OAuth 2.", "", &oauth2_definition_block()},
       {"credentials", KeyType::text_map,
        "What a connection must give: `shown` (a user's name), `secret`, or `optional` (a secret that may be left out)."},
       {"derive", KeyType::named, "Values made of others, as soon as all they need is known.", "", &derive_block()},
       {"login", KeyType::list, "The requests that open a session, in order.", "", &login_block()},
       {"send", KeyType::block, "What joins every request.", "", &auth_send_block()},
       {"idle", KeyType::duration, "After how long without a request a session is no longer used."},
       {"life", KeyType::duration, "After how long a session is no longer used."}}};
  return block;
}

}  // namespace engine::settings
