// Which web pages may call the server.
#pragma once

#include "server/http.h"

namespace frugal::server {

/// Browsers send pages' requests to any server, this one included, with what the page wants in the
/// body. Only the server's own pages may: throws ApiError 403 when the header Origin names another
/// host than the request went to.
void check_origin(const HttpRequest& request);

/// Whether the request was sent to a name of this machine itself ("localhost", 127.0.0.1, [::1]).
/// Without keys other names are refused: a page could have its own name point here (DNS rebinding).
bool is_local_host(const HttpRequest& request);

}  // namespace frugal::server
