#include "cli/line_editor.h"

#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "base/error.h"

namespace frugal::cli {

namespace {

constexpr const char* kPrompt = "> ";
constexpr const char* kNextLinePrompt = ". ";
constexpr int kHistorySize = 1000;
// Bracketed paste: the terminal marks what is pasted, so that its newlines are not taken for Enter.
constexpr const char* kPasteOn = "\033[?2004h";
constexpr const char* kPasteOff = "\033[?2004l";
constexpr std::wstring_view kPasteEnd = L"\033[201~";
constexpr std::size_t kMaxPaste = 1U << 20;

struct EditLineDeleter {
  void operator()(EditLine* editor) const { el_end(editor); }
  void operator()(History* history) const { history_end(history); }
};

// libedit reads multibyte characters as the locale says; where none is set, Debian's C.UTF-8.
void choose_utf8_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

unsigned char insert_newline(EditLine* editor, int) {
  return el_winsertstr(editor, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
}

unsigned char insert_paste(EditLine* editor, int) {
  std::wstring text;
  for (wchar_t c = 0; text.size() < kMaxPaste && el_wgetc(editor, &c) == 1;) {
    text += c == L'\r' ? L'\n' : c;
    if (text.ends_with(kPasteEnd)) {
      text.resize(text.size() - kPasteEnd.size());
      break;
    }
  }
  // Tabs and escapes would be shown wrongly while editing.
  for (wchar_t& c : text) {
    if (c < L' ' && c != L'\n') c = L' ';
  }
  return text.empty() || el_winsertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

}  // namespace

struct LineEditor::State {
  bool interactive = false;
  bool next_line = false;  // the prompt to show is that of a line that goes on
  std::unique_ptr<History, EditLineDeleter> history;
  std::unique_ptr<EditLine, EditLineDeleter> editor;
  FILE* screen = stdout;

  void open() {
    choose_utf8_locale();
    // Redirected output must not hold prompts.
    if (::isatty(STDOUT_FILENO) != 1) screen = stderr;
    editor.reset(el_init("frugal", stdin, screen, stderr));
    require(editor != nullptr, "the line editor could not be started");
    EditLine* e = editor.get();
    el_set(e, EL_CLIENTDATA, this);
    el_set(e, EL_EDITOR, "emacs");
    el_set(e, EL_PROMPT, &prompt);
    el_set(e, EL_ADDFN, "insert-newline", "Insert a newline", &insert_newline);
    el_set(e, EL_ADDFN, "insert-paste", "Insert pasted text", &insert_paste);
    el_set(e, EL_BIND, "\033\r", "insert-newline", nullptr);
    el_set(e, EL_BIND, "\033\n", "insert-newline", nullptr);
    el_set(e, EL_BIND, "\033[200~", "insert-paste", nullptr);
    el_set(e, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    history.reset(history_init());
    HistEvent event;
    ::history(history.get(), &event, H_SETSIZE, kHistorySize);
    ::history(history.get(), &event, H_SETUNIQUE, 1);
    el_set(e, EL_HIST, &::history, history.get());
  }

  static char* prompt(EditLine* editor) {
    State* state = nullptr;
    el_get(editor, EL_CLIENTDATA, &state);
    return const_cast<char*>(state->next_line ? kNextLinePrompt : kPrompt);
  }

  // One line as libedit sees it; newlines inside come from Alt+Enter and pastes.
  Outcome read_line(std::string& line) {
    std::fputs(kPasteOn, screen);
    std::fflush(screen);
    errno = 0;
    int length = 0;
    const char* text = el_gets(editor.get(), &length);
    const bool interrupted = text == nullptr && errno == EINTR;
    std::fputs(kPasteOff, screen);
    if (text == nullptr || length <= 0) {
      std::fputs("\n", screen);
      std::fflush(screen);
      return interrupted ? Outcome::interrupted : Outcome::end;
    }
    std::fflush(screen);
    line.assign(text, static_cast<std::size_t>(length));
    if (line.ends_with('\n')) line.pop_back();
    return Outcome::line;
  }

  Outcome read_terminal(std::string& line) {
    line.clear();
    next_line = false;
    for (std::string part;;) {
      if (const Outcome outcome = read_line(part); outcome != Outcome::line) return outcome;
      next_line = part.ends_with('\\');
      if (next_line) part.back() = '\n';
      line += part;
      if (!next_line) break;
    }
    HistEvent event;
    if (line.find_first_not_of(" \t\n") != std::string::npos) {
      ::history(history.get(), &event, H_ENTER, line.c_str());
    }
    return Outcome::line;
  }
};

LineEditor::LineEditor() : state_(std::make_unique<State>()) {
  state_->interactive = ::isatty(STDIN_FILENO) == 1;
  if (state_->interactive) state_->open();
}

LineEditor::~LineEditor() = default;

bool LineEditor::interactive() const { return state_->interactive; }

LineEditor::Outcome LineEditor::read(std::string& line) {
  if (state_->interactive) return state_->read_terminal(line);
  if (!std::getline(std::cin, line)) return Outcome::end;
  if (line.ends_with('\r')) line.pop_back();
  return Outcome::line;
}

}  // namespace frugal::cli
