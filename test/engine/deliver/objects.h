// The kinds of target that exist, as objects of the fake one.
#pragma once

#include "test/engine/deliver/world.h"

namespace test {

using engine::model::CallKind;
using engine::model::CallTraits;
using engine::model::ReadBack;

/// A keyed API: PUT and DELETE by match value.
inline void make_upsert_object(FakeTarget& target) {
  target.offers(CallKind::upsert, {.native_upsert = true}).offers(CallKind::delete_);
}

/// A ticket system: found by a search, addressed by its own ids.
inline void make_ticket_object(FakeTarget& target, ReadBack read_back = ReadBack::never) {
  target.offers(CallKind::find).offers(CallKind::create, {.read_back = read_back});
  target.offers(CallKind::update, {.read_back = read_back}).offers(CallKind::delete_).offers(CallKind::resolve);
  target.offers(CallKind::comment).offers(CallKind::find_comment).offers(CallKind::read_back);
}

/// An API that honours idempotency keys and knows no search.
inline void make_repeat_safe_object(FakeTarget& target) {
  target.offers(CallKind::create, {.repeat_safe = true}).offers(CallKind::update, {.repeat_safe = true});
  target.offers(CallKind::delete_, {.repeat_safe = true});
}

/// A messenger: what is sent is sent, and nothing can be looked up.
inline void make_message_object(FakeTarget& target) {
  target.offers(CallKind::create);
  target.object().window_of = "to";
  target.object().window_ms = 24 * 3'600'000;
}

}  // namespace test
