#include "test/engine/deliver/world.h"

namespace test {

using engine::journal::Delivery;
using engine::journal::Records;

namespace {

/// In memory where the machine has it: a simulation commits ten thousands of times.
std::filesystem::path make_folder() {
  const bool in_memory = std::filesystem::is_directory("/dev/shm");
  const std::filesystem::path base = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string name = (base / "datapicker-deliver-XXXXXX").string();
  ENGINE_ASSERT(mkdtemp(name.data()) != nullptr);
  return name;
}

}  // namespace

World::World() : folder_(make_folder()) {
  journal_ = engine::journal::Journal::open({.path = folder_ / "journal.db"});
  journal_->write([this](Records& records) { pipeline_id = records.pipelines.ensure("customers", 1, 0).id; });
}

World::~World() {
  loop.reset();
  journal_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

engine::deliver::PipelineTarget& World::add_pipeline(const std::string& name) {
  journal_->write([&](Records& records) {
    const std::int64_t table = records.tables.ensure(name).id;
    const engine::model::Layout layout{.columns = {{.name = "code", .type = engine::model::ColumnType::text}}, .key = {0}};
    records.tables.put_layout(table, layout, time.wall_ms());
    ids_[name] = records.pipelines.ensure(name, table, 0).id;
  });
  engine::deliver::PipelineTarget& added = pipelines_[ids_[name]];
  added.name = name;
  return added;
}

Delivery World::of_pipeline(const std::string& name, const std::string& key) {
  Delivery delivery = delivery_for(key, key);
  delivery.pipeline_id = ids_.at(name);
  delivery.object = name;
  return delivery;
}

void World::start() {
  inbox_ = std::make_shared<Inbox>();
  pipelines_.insert(other_pipelines.begin(), other_pipelines.end());
  pipelines_.insert_or_assign(pipeline_id, pipeline);
  const auto fatal = [](std::exception_ptr error) { std::rethrow_exception(error); };
  loop = std::make_unique<engine::deliver::Loop>(*this, target, pipelines_, options, fatal);
  loop->start();
}

void World::kill(Fate of_what_is_under_way) {
  if (!loop) return;
  inbox_->closed = true;
  while (target.waiting() > 0) target.process(of_what_is_under_way);
  loop.reset();
  inbox_->events.clear();
  reads_.clear();
  writes_.clear();
  answers_.clear();
}

std::function<void(World::Event)> World::poster() {
  return [inbox = inbox_](Event event) {
    if (!inbox->closed) inbox->events.push_back(std::move(event));
  };
}

void World::read(Work work, Done done) { reads_.push_back({std::move(work), std::move(done)}); }
void World::write(Work work, Done done) { writes_.push_back({std::move(work), std::move(done)}); }

void World::ask(const engine::model::Question& question, std::function<void(engine::model::Reply)> answered) {
  asked.push_back(question);
  if (!answers) return;
  Event event = [answered = std::move(answered), reply = say(question)] { answered(reply); };
  if (answer_ms == 0) return poster()(std::move(event));
  const std::int64_t free_ms = answers_.empty() ? time.steady_ms() : answers_.rbegin()->first;
  answers_.emplace(free_ms + answer_ms, std::move(event));
}

bool World::commit_next() {
  if (writes_.empty()) return false;
  Pending pending = std::move(writes_.front());
  writes_.pop_front();
  std::exception_ptr error;
  try {
    journal_->write(pending.work);
  } catch (...) {
    error = std::current_exception();
  }
  ++commits;
  poster()([done = std::move(pending.done), error] { done(error); });
  loop->wake();
  return true;
}

bool World::step(const std::function<std::size_t(std::size_t)>& pick) {
  std::vector<int> possible;
  if (!inbox_->events.empty()) possible.push_back(0);
  if (!writes_.empty()) possible.push_back(1);
  if (!reads_.empty()) possible.push_back(2);
  if (possible.empty()) {
    loop->turn();
    return !inbox_->events.empty() || !writes_.empty() || !reads_.empty();
  }
  switch (possible[pick(possible.size())]) {
    case 0: {
      const Event event = std::move(inbox_->events.front());
      inbox_->events.pop_front();
      event();
      break;
    }
    case 1:
      commit_next();
      break;
    default: {
      Pending pending = std::move(reads_.front());
      reads_.pop_front();
      {
        auto lease = journal_->read();
        pending.work(*lease);
      }
      poster()([done = std::move(pending.done)] { done(nullptr); });
    }
  }
  loop->turn();
  return true;
}

void World::settle() {
  for (int i = 0; i < 100'000; ++i) {
    if (!step([](std::size_t) { return 0; })) return;
  }
  ENGINE_ASSERT(!"the loop never comes to rest");
}

void World::pass(std::int64_t ms) {
  settle();
  while (ms > 0) {
    std::int64_t by = std::max<std::int64_t>(1, std::min(ms, loop->wait_ms()));
    if (!answers_.empty()) by = std::clamp<std::int64_t>(answers_.begin()->first - time.steady_ms(), 1, by);
    time.advance(by);
    ms -= by;
    for (; !answers_.empty() && answers_.begin()->first <= time.steady_ms(); answers_.erase(answers_.begin())) poster()(answers_.begin()->second);
    settle();
  }
}

Delivery World::delivery_for(const std::string& key, const std::string& match) {
  Delivery delivery;
  delivery.pipeline_id = pipeline_id;
  delivery.key = "[\"" + key + "\"]";
  delivery.cycle_id = 1;
  delivery.first_seq = delivery.last_seq = ++seq_;
  delivery.connection = options.connection;
  delivery.object = "companies";
  delivery.match = "{\"code\":\"" + (match.empty() ? key : match) + "\"}";
  delivery.mapping = "m1";
  delivery.created_ms = delivery.updated_ms = time.wall_ms();
  return delivery;
}

std::int64_t World::plan(Delivery delivery) {
  std::int64_t id = 0;
  journal_->write([&](Records& records) {
    id = records.deliveries.plan(delivery);
    records.pipelines.set_position(pipeline_id, seq_);
  });
  if (loop) loop->wake();
  return id;
}

std::int64_t World::plan(const std::string& key, const std::string& fields, const std::string& match) {
  Delivery delivery = delivery_for(key, match);
  delivery.fields = fields;
  return plan(std::move(delivery));
}

std::int64_t World::plan_delete(const std::string& key, const std::string& match) {
  Delivery delivery = delivery_for(key, match);
  delivery.present = false;
  return plan(std::move(delivery));
}

Delivery World::delivery(std::int64_t id) { return *journal_->read()->deliveries.find(id); }

std::optional<engine::journal::LastSent> World::last_sent(const std::string& key) {
  return journal_->read()->deliveries.last_sent(pipeline_id, "[\"" + key + "\"]");
}

std::vector<engine::journal::Attempt> World::attempts(std::int64_t id) {
  return journal_->read()->deliveries.attempts(id);
}

}  // namespace test
