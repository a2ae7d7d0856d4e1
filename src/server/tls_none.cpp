#include "base/error.h"
#include "server/tls.h"

namespace frugal::server {

StartSession tls_sessions(const std::string& /*cert*/, const std::string& /*key*/) {
  fail(
      "this build has no TLS, as libssl was not there when it was configured; install libssl-dev "
      "and build again, or put a proxy with TLS before the server");
}

}  // namespace frugal::server
