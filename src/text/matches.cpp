#include "text/matches.h"

#include "text/utf8.h"

namespace frugal::text {

bool Matches::next(Span& match) {
  while (from_ <= subject_.size() && matcher_.find(regex_, subject_, from_, match)) {
    if (match.begin == match.end && match.end == last_end_) {
      from_ += from_ < subject_.size() ? utf8_length(subject_[from_]) : 1;
      continue;
    }
    from_ = last_end_ = match.end;
    return true;
  }
  return false;
}

}  // namespace frugal::text
