#include "test/support/fake_feed.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"

namespace test {

using engine::model::ChangeFeed;

class FakeFeed::Open final : public ChangeFeed {
 public:
  explicit Open(FakeFeed& feed) : feed_(feed) {}

  void require_table() override {}
  void require_usable() override {}
  std::vector<std::string> identities() override { return {feed_.identity}; }

  Standing standing(const std::string& position) override {
    Standing standing{.retained_bytes = feed_.retained_bytes};
    if (!feed_.is_there) standing.lost = "it is not there";
    else if (!position.empty() && feed_.confirmed > std::stoll(position)) standing.lost = "it goes on elsewhere";
    return standing;
  }

  void begin_anew() override { feed_.make_anew(); }

  void read(const std::string& position, const Take& take) override {
    ++feed_.readings;
    const std::int64_t from = position.empty() ? feed_.confirmed : std::stoll(position);
    Batch batch;
    for (const auto& [at, news] : feed_.news) {
      if (at > from) batch.news.push_back(news);
    }
    batch.position = std::to_string(feed_.end);
    take(batch);
  }

  void confirm(const std::string& position) override {
    if (feed_.before_confirming) feed_.before_confirming();
    feed_.confirmed = std::stoll(position);
    std::erase_if(feed_.news, [this](const auto& each) { return each.first <= feed_.confirmed; });
  }

  engine::model::LoggedChange change_of(const std::string& key, engine::model::Provenance provenance) const override {
    return {{key}, {{key}}, std::move(provenance)};
  }

 private:
  FakeFeed& feed_;
};

void FakeFeed::add(const std::string& key) { news.push_back({++end, {0, key, {std::to_string(end), std::nullopt, std::nullopt}}}); }

void FakeFeed::add_any() { news.push_back({++end, {0, std::nullopt, {}}}); }

void FakeFeed::make_anew() {
  is_there = true;
  confirmed = ++end;
  retained_bytes = 0;
  news.clear();
}

std::unique_ptr<ChangeFeed> FakeFeed::open() { return std::make_unique<Open>(*this); }

}  // namespace test
