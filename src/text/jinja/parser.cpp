#include "text/jinja/parser.h"

#include <algorithm>
#include <initializer_list>

#include "text/jinja/analysis.h"
#include "text/jinja/expression_parser.h"
#include "text/jinja/hidden_names.h"
#include "text/jinja/token_stream.h"

namespace frugal::text::jinja {

namespace {

constexpr unsigned kDeepestBlocks = 100;

// Tags that Jinja has, and that need other templates or write HTML.
constexpr std::string_view kRefusedTags[] = {"autoescape", "block",  "extends",
                                             "from",       "import", "include"};

bool assigns(const Expression& target, std::string_view name) {
  if (const Name* single = std::get_if<Name>(&target.node)) return single->name == name;
  bool found = false;
  for_each_child(target, [&](const Expression& item) { found = found || assigns(item, name); });
  return found;
}

// The half of the parser that reads statements.
class StatementParser {
 public:
  explicit StatementParser(TokenStream& stream) : stream_(stream), expressions_(stream) {}

  Block whole_template() {
    Block block = body({});
    if (stream_.peek().kind != TokenKind::end) stream_.fail_expected("the end of the template");
    return block;
  }

 private:
  using EndTags = std::initializer_list<std::string_view>;

  // Statements up to one of the tags `ends`, whose name is the next token then.
  Block body(EndTags ends) {
    if (++nesting_ > kDeepestBlocks) stream_.fail_here("blocks nested too deeply");
    Block block;
    while (stream_.peek().kind != TokenKind::end) {
      const Token& token = stream_.take();
      if (token.kind == TokenKind::data) {
        block.push_back({token.at, Text{token.text}});
      } else if (token.kind == TokenKind::variable_begin) {
        block.push_back({token.at, Print{expressions_.tuple()}});
        stream_.expect(TokenKind::variable_end, "'}}'");
      } else {
        const Token& tag = stream_.expect(TokenKind::name, "a tag");
        if (std::find(ends.begin(), ends.end(), tag.text) != ends.end()) {
          end_tag_ = tag.text;
          --nesting_;
          return block;
        }
        statement(tag, block);
        stream_.expect(TokenKind::block_end, "'%}'");
      }
    }
    if (ends.size() != 0) {
      stream_.fail_here(fmt::format("the template ends where '{}' is missing", *(ends.end() - 1)));
    }
    --nesting_;
    return block;
  }

  // The rest of an opening tag, then the body, and the name of the tag that ends it.
  Block tag_block(EndTags ends) {
    stream_.take_symbol(":");
    stream_.expect(TokenKind::block_end, "'%}'");
    return body(ends);
  }
  Body tag_body(EndTags ends) { return {tag_block(ends), {}}; }

  void statement(const Token& tag, Block& block) {
    const Position at = tag.at;
    const std::string& name = tag.text;
    if (name == "for") {
      block.push_back({at, for_loop()});
    } else if (name == "if") {
      block.push_back({at, if_chain()});
    } else if (name == "set") {
      block.push_back(set(at));
    } else if (name == "macro") {
      block.push_back({at, macro()});
    } else if (name == "call") {
      block.push_back({at, call_block()});
    } else if (name == "filter") {
      ExpressionPtr filter = expressions_.filters(expressions_.filter(nullptr));
      block.push_back({at, FilterBlock{std::move(filter), tag_body({"endfilter"})}});
    } else if (name == "with") {
      block.push_back({at, with()});
    } else if (name == "generation") {
      block.push_back(
          {at, Generation{outside_of_loops([&] { return tag_body({"endgeneration"}); })}});
    } else if (name == "print") {
      print(at, block);
    } else if (name == "break" || name == "continue") {
      if (loops_ == 0) stream_.fail_at(at, fmt::format("'{}' outside of a loop", name));
      if (name == "break") {
        block.push_back({at, Break{}});
      } else {
        block.push_back({at, Continue{}});
      }
    } else {
      unknown_tag(tag);
    }
  }

  [[noreturn]] void unknown_tag(const Token& tag) const {
    const bool refused = std::find(std::begin(kRefusedTags), std::end(kRefusedTags), tag.text) !=
                         std::end(kRefusedTags);
    stream_.fail_at(tag.at, fmt::format("{} tag '{}'", refused ? "unsupported" : "unknown",
                                        printable(tag.text)));
  }

  ExpressionPtr target(bool namespaces, std::string_view end = {}) {
    ExpressionPtr result = expressions_.target(namespaces, end);
    if (for_tags_ > 0 && assigns(*result, "loop")) {
      stream_.fail_at(result->at, "'loop' cannot be assigned to inside of a for loop");
    }
    return result;
  }

  For for_loop() {
    ++for_tags_;
    For loop;
    loop.target = target(false, "in");
    stream_.expect_name("in");
    loop.iterable = expressions_.tuple(false, "recursive");
    if (stream_.take_name("if")) loop.test = expressions_.expression();
    loop.recursive = stream_.take_name("recursive");
    ++loops_;
    loop.body = tag_body({"else", "endfor"});
    --loops_;
    if (end_tag_ == "else") {
      // What breaks here breaks the loop around, which a recursive loop is cut off from.
      loop.otherwise = loop.recursive ? outside_of_loops([&] { return tag_body({"endfor"}); })
                                      : tag_body({"endfor"});
    }
    --for_tags_;
    return loop;
  }

  If if_chain() {
    If chain;
    do {
      ExpressionPtr test = expressions_.tuple(false);
      chain.branches.emplace_back(std::move(test), tag_block({"elif", "else", "endif"}));
    } while (end_tag_ == "elif");
    if (end_tag_ == "else") chain.otherwise = tag_block({"endif"});
    return chain;
  }

  Statement set(Position at) {
    ExpressionPtr to = target(true);
    if (stream_.take_symbol("=")) return {at, Set{std::move(to), expressions_.tuple()}};
    ExpressionPtr filter;
    if (stream_.peek().is_symbol("|")) filter = expressions_.filters(nullptr);
    return {at, SetBlock{std::move(to), std::move(filter), tag_body({"endset"})}};
  }

  With with() {
    With node;
    while (stream_.peek().kind != TokenKind::block_end) {
      if (!node.bindings.empty()) stream_.expect_symbol(",");
      ExpressionPtr to = expressions_.target(false);
      stream_.expect_symbol("=");
      node.bindings.emplace_back(std::move(to), expressions_.expression());
    }
    node.body = tag_body({"endwith"});
    return node;
  }

  void print(Position at, Block& block) {
    for (bool first = true; stream_.peek().kind != TokenKind::block_end; first = false) {
      if (!first) stream_.expect_symbol(",");
      block.push_back({at, Print{expressions_.expression()}});
    }
  }

  std::unique_ptr<MacroDefinition> macro() {
    auto definition = std::make_unique<MacroDefinition>();
    definition->name = assigned_name();
    signature(*definition);
    definition->body = outside_of_loops([&] { return tag_body({"endmacro"}); });
    return definition;
  }

  CallBlock call_block() {
    CallBlock node;
    node.caller = std::make_unique<MacroDefinition>();
    if (stream_.peek().is_symbol("(")) signature(*node.caller);
    node.call = expressions_.expression();
    if (!std::holds_alternative<CallOf>(node.call->node)) {
      stream_.fail_at(node.call->at, "expected a call");
    }
    node.caller->body = outside_of_loops([&] { return tag_body({"endcall"}); });
    return node;
  }

  void signature(MacroDefinition& definition) {
    stream_.expect_symbol("(");
    while (!stream_.peek().is_symbol(")")) {
      if (!definition.parameters.empty()) stream_.expect_symbol(",");
      const std::string name = assigned_name();
      if (std::find(definition.parameters.begin(), definition.parameters.end(), name) !=
          definition.parameters.end()) {
        stream_.fail_here(fmt::format("two parameters named '{}'", name));
      }
      definition.parameters.push_back(name);
      if (stream_.take_symbol("=")) {
        definition.defaults.push_back(expressions_.expression());
      } else if (!definition.defaults.empty()) {
        stream_.fail_here("a parameter without a default follows one with a default");
      }
    }
    stream_.expect_symbol(")");
  }

  std::string assigned_name() {
    const Token& token = stream_.expect(TokenKind::name, "a name");
    for (const std::string_view constant : {"true", "false", "none", "True", "False", "None"}) {
      if (token.text == constant) stream_.fail_at(token.at, "this cannot be assigned to");
    }
    return token.text;
  }

  // The bodies of macros run when they are called, not as part of the loop around them.
  template <typename Parse>
  Body outside_of_loops(const Parse& parse) {
    const unsigned loops = std::exchange(loops_, 0);
    Body result = parse();
    loops_ = loops;
    return result;
  }

  TokenStream& stream_;
  ExpressionParser expressions_;
  std::string end_tag_;    // the name of the tag that ended the last body
  unsigned nesting_ = 0;   // of blocks
  unsigned loops_ = 0;     // around here that `break` can break
  unsigned for_tags_ = 0;  // around here
};

}  // namespace

Body parse(std::string_view source, std::string_view name) {
  TokenStream stream(tokenize(source, name), name);
  Body whole{StatementParser(stream).whole_template(), {}};
  analyze(whole.block, name);
  find_hidden_names(whole);
  return whole;
}

}  // namespace frugal::text::jinja
