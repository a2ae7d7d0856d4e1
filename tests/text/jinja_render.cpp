// Renders templates for tools/jinja_fuzz.py, which compares with Python's jinja2: each line of
// stdin is {"template": ..., "variables": ...}, each line of stdout {"output": ...} or
// {"error": ...}.
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "text/chat_template.h"

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    frugal::Json answer;
    try {
      const frugal::Json request = frugal::parse_json(line, "request", 300);
      const frugal::text::ChatTemplate chat_template(request.at("template").get<std::string>(),
                                                     "t");
      answer["output"] = chat_template.render(request.at("variables"));
    } catch (const frugal::Error& error) {
      answer["error"] = error.what();
    }
    std::cout << answer.dump(-1, ' ', true) << std::endl;
  }
}
