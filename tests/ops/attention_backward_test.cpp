#include <array>

#include "ops/attention/head_backward.h"
#include "ops/testing.h"

namespace frugal::ops {
namespace {

using testing::expect_close;
using testing::random_matrix;
using testing::usable_isas;

// Two pieces of a query and of a key, neither of whole registers, beside other columns.
struct Operands {
  static constexpr std::int64_t kWidths[2] = {20, 7};
  static constexpr std::int64_t kValues = 13;
  explicit Operands(std::int64_t rows)
      : q(random_matrix(rows, 40, 1)),
        k(random_matrix(rows, 30, 2)),
        v(random_matrix(rows, 17, 3)),
        d_out(random_matrix(rows, 15, 4)) {}

  /// Gradients of q, k and v, added to what is in them already.
  std::array<Tensor, 3> gradients(Isa isa) const {
    std::array<Tensor, 3> g = {random_matrix(q.rows(), q.cols(), 5),
                               random_matrix(k.rows(), k.cols(), 6),
                               random_matrix(v.rows(), v.cols(), 7)};
    std::vector<HeadPart> parts;
    for (std::int64_t i = 0, column = 1; i < 2; column += kWidths[i++]) {
      parts.push_back({kWidths[i], q.data() + column, q.cols(), k.data() + column, k.cols(),
                       g[0].data() + column, g[1].data() + column, k.cols()});
    }
    const HeadValues values = {kValues,  v.data(),     g[2].data(),
                               v.cols(), d_out.data(), d_out.cols()};
    // Whatever lies in scratch memory must not matter.
    const Tensor scratch(1, head_scratch(q.rows(), kWidths[0] + kWidths[1], kValues));
    for (float& value : scratch.view().span()) value = NAN;
    head_backward(isa, {q.rows(), 0.2F, parts, values}, scratch.data());
    return g;
  }
  Tensor q, k, v, d_out;
};

TEST(HeadBackward, AgreesWithTheReferenceOnEveryInstructionSet) {
  for (const std::int64_t rows : {1, 17, 64, 150}) {
    const Operands o(rows);
    const auto wanted = o.gradients(Isa::reference);
    for (const Isa isa : usable_isas()) {
      const auto got = o.gradients(isa);
      for (std::size_t i = 0; i < got.size(); ++i) {
        SCOPED_TRACE(std::string(isa_name(isa)) + ", " + std::to_string(rows) + " rows, operand " +
                     std::to_string(i));
        const auto values = wanted[i].view().span();
        expect_close(got[i].view(), {values.begin(), values.end()}, 3e-6);
      }
    }
  }
}

}  // namespace
}  // namespace frugal::ops
