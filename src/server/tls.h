// HTTPS, where the build has OpenSSL's libssl.
#pragma once

#include <string>

#include "server/server_state.h"

namespace frugal::server {

/// Sessions over TLS 1.2 or later. `cert`: a PEM file of the certificate and those that vouch for
/// it; `key`: a PEM file of its private key, without a password. Both are read now, and again for
/// the first connection after they have changed. Throws Error when they cannot be used now, naming
/// the file, or when this build has no TLS.
StartSession tls_sessions(const std::string& cert, const std::string& key);

}  // namespace frugal::server
