// Who starts next.
#include <gtest/gtest.h>

#include "engine/engine_support.h"

namespace frugal::engine {
namespace {

using testing::greedy_request;
using testing::MockModel;

TEST(Fairness, OwnersTakeTurns) {
  MockModel model;
  EngineOptions options;
  options.max_sequences = 2;
  Engine engine(model, std::move(options));
  for (RequestId id = 1; id <= 4; ++id) {
    Request request = greedy_request({1, 2, 3}, 20);
    request.owner = id < 4 ? "many" : "few";
    engine.submit(id, std::move(request));
  }
  std::vector<RequestId> order;
  while (!engine.idle()) {
    for (const Event& event : engine.step()) {
      if (event.finish) order.push_back(event.request);
    }
  }
  EXPECT_EQ(order, (std::vector<RequestId>{1, 4, 2, 3}));
}

}  // namespace
}  // namespace frugal::engine
