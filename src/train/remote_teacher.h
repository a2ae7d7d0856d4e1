// A teacher behind a URL that answers as OpenAI's chat completions do, DeepSeek's for one.
#pragma once

#include <string>
#include <string_view>

#include "train/distil.h"

namespace frugal::train {

/// The environment variable with the key to the teacher's server.
inline constexpr const char* kTeacherKey = "FRUGAL_TEACHER_KEY";

/// Asks options.teacher_model at options.teacher, options.parallel answers at a time. `key` is sent
/// as a bearer token, and to nobody else; empty: none. Faults that may go away (429, 5xx,
/// connections, answers that broke off) are tried again. A question that the server refuses (400,
/// 413, 422) gets an empty answer, unless the server answers nothing at all.
Teacher remote_teacher(const DistilOptions& options, const std::string& key);

/// The body of an answer. The thinking may stand in reasoning_content (DeepSeek) or reasoning, or
/// in tags before the answer, also where only the closing one is there. Throws net::HttpError,
/// transient, when it is no whole answer; `url` is for the message.
TeacherAnswer read_completion(std::string_view body, const std::string& url);

}  // namespace frugal::train
